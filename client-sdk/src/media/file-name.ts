/** Octets of a name that every file system takes. */
const nameBytesMax = 200;
const fallback = "file";

/** What Windows opens as a device, whatever stands behind the dot. */
const devices = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/**
 * The name that a sender suggests, as it can be shown and used in one folder: no path, nothing that
 * steers a terminal or turns the direction of reading, nothing that a file system or a command takes for
 * something else. `changed` says that it was not so.
 */
export function safeFileName(suggested: string): {
  readonly name: string;
  readonly changed: boolean;
} {
  const plain = suggested
    .normalize("NFC")
    // Controls, format characters that turn or hide text, lone surrogates, and separators of lines.
    .replaceAll(
      /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\u200B\u2060-\u206F\uFEFF\u{E0000}-\u{E007F}]/gu,
      "",
    )
    .replaceAll(/[/\\:*?"<>|]/g, "_")
    // A dot in front hides a file, one or a blank behind is lost on Windows.
    .replace(/^[.\s]+/u, "")
    .replace(/[.\s]+$/u, "")
    // A program takes what begins with a dash for an option, where somebody writes `*`.
    .replace(/^-/u, "_");
  const named = devices.test(plain) ? `_${plain}` : plain;
  const name = shortened(named === "" ? fallback : named);
  return { name, changed: name !== suggested.normalize("NFC") };
}

/** Keeps the ending, by which people and programs know what it is. */
function shortened(name: string): string {
  if (octetsOf(name) <= nameBytesMax) return name;
  const [ending = ""] = /\.[A-Za-z0-9]{1,16}$/.exec(name) ?? [];
  let stem = "";
  let left = nameBytesMax - ending.length;
  for (const sign of name.slice(0, name.length - ending.length)) {
    left -= octetsOf(sign);
    if (left < 0) break;
    stem += sign;
  }
  return stem.replace(/[.\s]+$/u, "") + ending;
}

function octetsOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
