import { type Bytes, decodeEntryHeader, Refusal, type RoomUri } from "@treehouse/protocol";

/** What is at the front of one room's stream and stays; the first entry is. */
export function entriesOf(room: RoomUri, list: readonly Bytes[]): readonly Bytes[] {
  const others = list.findIndex((bytes, index) => index > 0 && !isEntryOf(room, bytes));
  return others < 0 ? list : list.slice(0, others);
}

function isEntryOf(uri: RoomUri, bytes: Bytes): boolean {
  try {
    const { room, ephemeral } = decodeEntryHeader(bytes);
    return room === uri && !ephemeral;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}
