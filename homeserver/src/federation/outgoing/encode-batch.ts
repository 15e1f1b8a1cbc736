import { signedHeadCodec, varintLength, Writer } from "@treehouse/protocol";
import type { Bytes, SignedHead } from "@treehouse/protocol";
import { bodyLength, itemLength, kindOf } from "./item.ts";
import type { Pending } from "./item.ts";

/** Room for one head; more of them only make the buffer grow. */
const headBytes = 320;

/**
 * The encoding of a `Batch`, which is what `batchCodec` gives for the same items. Written at once
 * into a buffer of its final size, so that each entry is copied once on its way out.
 */
export function encodeBatch(
  stream: { readonly incarnation: Bytes; readonly base: number },
  items: readonly Pending[],
  heads: readonly SignedHead[],
): Bytes {
  let length = 0;
  for (const item of items) length += itemLength(item);
  const room = heads.length === 0 ? 1 : 4 + heads.length * headBytes;
  const writer = new Writer(stream.incarnation.length + varintLength(length) + length + room);
  writer.raw(stream.incarnation);
  writer.varint(length);
  for (const item of items) {
    writer.u64(item.sequence - stream.base);
    writer.u8(kindOf(item.form));
    writer.varint(bodyLength(item));
    if (item.entry !== undefined) writer.opaque(item.entry);
    writer.raw(item.rest);
  }
  writer.vector(() => {
    for (const head of heads) signedHeadCodec.write(writer, head);
  });
  return writer.finish();
}
