import { encodeSafeAad, utf8Encode, Writer } from "@treehouse/protocol";

import type { Room } from "./rooms.ts";

/**
 * A PrivateMessage of the right form whose ciphertext is not really one: servers cannot tell, and
 * the generator's core is kept for traffic. The last 8 octets hold a time, the 8 before a number
 * that makes every message another. `lastPosition` is what its sender has of the room, as every
 * client says: the server's index of accepted requests is in that order.
 */
export function privateMessage(
  room: Room,
  ciphertext: Uint8Array<ArrayBuffer>,
  lastPosition: number,
): Uint8Array<ArrayBuffer> {
  const writer = new Writer(ciphertext.length + 256);
  writer.u16(1); // mls10
  writer.u16(2); // mls_private_message
  writer.opaque(utf8Encode(room.group.group));
  writer.u64(room.group.epoch);
  writer.u8(1); // application
  writer.opaque(
    encodeSafeAad({
      treehouse: { epoch: room.group.epoch, forkTag: new Uint8Array(16), lastPosition },
      others: [],
    }),
  );
  writer.opaque(new Uint8Array(28)); // encrypted sender data
  writer.opaque(ciphertext);
  return writer.finish();
}
