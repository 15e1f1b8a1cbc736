import type { Bytes, Hash } from "../bytes/index.ts";
import { sha256 } from "../bytes/index.ts";
import { varintLength, Writer } from "../codec/index.ts";
import { LABEL_PREFIX } from "./labels.ts";
import type { Label } from "./labels.ts";

/**
 * What is signed: `bytes<V>("Treehouse 1.0 " + label) ‖ bytes<V>(content)`, the form of RFC 9420
 * §5.1.2 with our own prefix.
 */
export function signedBytes(label: Label, content: Uint8Array): Bytes {
  const prefixed = LABEL_PREFIX + label;
  const writer = new Writer(sizeOf(prefixed, content));
  write(writer, prefixed, content);
  return writer.finish();
}

/** Where content is labelled only to be hashed: each message of each room passes here. */
const hashed = new Writer(16 * 1024);

/** The hash of the labelled content: no two labels can give the same input. */
export function labelledHash(label: Label, content: Uint8Array, hash: Hash = sha256): Bytes {
  const prefixed = LABEL_PREFIX + label;
  if (sizeOf(prefixed, content) > hashed.capacity) return hash(signedBytes(label, content));
  write(hashed, prefixed, content);
  return hash(hashed.lend());
}

function sizeOf(prefixed: string, content: Uint8Array): number {
  return (
    varintLength(prefixed.length) + prefixed.length + varintLength(content.length) + content.length
  );
}

function write(writer: Writer, prefixed: string, content: Uint8Array): void {
  writer.ascii(prefixed);
  writer.opaque(content);
}
