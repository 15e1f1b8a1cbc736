import type { EntryDelivery } from "@treehouse/protocol";
import { agree } from "../outcome.ts";
import type { PeerServer } from "../peers/server.ts";
import type { LocalSeat } from "../rooms/local-seat.ts";

/** The code with which the tested server rejects an entry of the server; undefined if it does not. */
export async function verdict(
  peer: PeerServer,
  delivery: EntryDelivery,
): Promise<string | undefined> {
  const [code] = await peer.outgoing.verdicts([{ kind: "entry", ...delivery }]);
  return code;
}

/** Fails if the acts bring anything new into the room. */
export async function stays(alice: LocalSeat, acts: () => Promise<void>): Promise<void> {
  const read = () => alice.account.entries(alice.room, 0);
  const before = await read();
  await acts();
  agree("what Alice reads after a refusal", await read(), before);
}
