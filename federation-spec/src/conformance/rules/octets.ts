import { Writer } from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";

/** An item as it stands in a batch, whatever its numbers are. */
export interface RawItem {
  readonly sequence: number | "2^53";
  readonly kind: number;
  readonly body: Uint8Array;
}

/** A batch whose items need not follow each other, and of which there may be too many. */
export function rawBatch(
  incarnation: Bytes,
  items: readonly RawItem[],
  heads: Uint8Array = new Uint8Array([0]),
): Bytes {
  const writer = new Writer();
  writer.raw(incarnation);
  writer.vector(() => {
    for (const { sequence, kind, body } of items) {
      if (sequence === "2^53") writer.raw(new Uint8Array([0, 0x20, 0, 0, 0, 0, 0, 0]));
      else writer.u64(sequence);
      writer.u8(kind);
      writer.opaque(body);
    }
  });
  writer.raw(heads);
  return writer.finish();
}
