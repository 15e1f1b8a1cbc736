import { toBase64, utf8Encode } from "@treehouse/protocol";
import type { Sign } from "@treehouse/protocol";

/** A request between servers, as far as its signature covers it. */
export interface SignedParts {
  readonly method: string;
  /** The domain that is asked. */
  readonly authority: string;
  /** Percent-encoded. */
  readonly path: string;
  /** The three headers, as they are sent. */
  readonly from: string;
  readonly contentDigest: string;
  readonly transactionId: string;
}

/** What a signature says of itself. */
export interface SignatureFacts {
  /** Seconds since the Unix epoch. */
  readonly created: number;
  readonly kid: string;
  /** Base64url. */
  readonly nonce: string;
}

/**
 * A signature before it is made, as text: whoever alters it gets a signature that is valid by
 * RFC 9421 and is not of the profile. This is on purpose not the protocol package's own code, which
 * the tested server may use.
 */
export interface SignatureForm {
  readonly label: string;
  /** The items of the inner list as they stand there, and the value of each. */
  readonly components: readonly { readonly item: string; readonly value: string }[];
  /** With the semicolons. */
  readonly parameters: string;
}

/** The only form that FED-905 allows. */
export function profileForm(parts: SignedParts, facts: SignatureFacts): SignatureForm {
  const { created, kid, nonce } = facts;
  return {
    label: "sig1",
    components: [
      { item: '"@method"', value: parts.method },
      { item: '"@authority"', value: parts.authority },
      { item: '"@path"', value: parts.path },
      { item: '"from"', value: parts.from },
      { item: '"content-digest"', value: parts.contentDigest },
      { item: '"mimi-transaction-id"', value: parts.transactionId },
    ],
    parameters: `;created=${created};keyid="${kid}";nonce="${nonce}";tag="mimi-fed"`,
  };
}

/** The two headers (RFC 9421 §2.5, §4). */
export function signatureHeaders(
  { label, components, parameters }: SignatureForm,
  sign: Sign,
): { readonly "signature-input": string; readonly signature: string } {
  const inner = `(${components.map(({ item }) => item).join(" ")})${parameters}`;
  const lines = components.map(({ item, value }) => `${item}: ${value}`);
  const base = [...lines, `"@signature-params": ${inner}`].join("\n");
  return {
    "signature-input": `${label}=${inner}`,
    signature: `${label}=:${toBase64(sign(utf8Encode(base)))}:`,
  };
}
