/**
 * The two serialisations of RFC 9421 that everything signed goes through. Nothing here is of our
 * profile, so that the RFC's own example tests it.
 */

/** A parameter of a signature: an integer or a string of printable ASCII. */
export type SignatureParameter = readonly [name: string, value: number | string];

/** The inner list of component names with its parameters (RFC 9421 §2.3). */
export function serializeParameters(
  components: readonly string[],
  parameters: readonly SignatureParameter[],
): string {
  const list = components.map(quoted).join(" ");
  const rest = parameters.map(([name, value]) => {
    return `;${name}=${typeof value === "number" ? String(value) : quoted(value)}`;
  });
  return `(${list})${rest.join("")}`;
}

/** What is signed (RFC 9421 §2.5): a line for each component, and the parameters as the last. */
export function serializeBase(
  components: readonly (readonly [name: string, value: string])[],
  parameters: string,
): string {
  const lines = components.map(([name, value]) => `${quoted(name)}: ${value}`);
  return [...lines, `"@signature-params": ${parameters}`].join("\n");
}

/** A string of RFC 8941 §3.3.3; what would need an escape is a RangeError, for we never send it. */
function quoted(text: string): string {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code > 0x7e || code === 0x22 || code === 0x5c) {
      throw new RangeError("a text that cannot be quoted");
    }
  }
  return `"${text}"`;
}
