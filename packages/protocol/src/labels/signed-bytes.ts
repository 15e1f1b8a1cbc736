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
  const size =
    varintLength(prefixed.length) + prefixed.length + varintLength(content.length) + content.length;
  const writer = new Writer(size);
  writer.ascii(prefixed);
  writer.opaque(content);
  return writer.finish();
}

/** The hash of the labelled content: no two labels can give the same input. */
export function labelledHash(label: Label, content: Uint8Array, hash: Hash = sha256): Bytes {
  return hash(signedBytes(label, content));
}
