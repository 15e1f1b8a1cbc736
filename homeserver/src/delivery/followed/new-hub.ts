import { readChange } from "@treehouse/mls/public";
import {
  decodeEntry,
  decodeRoomState,
  entryHash,
  equalBytes,
  Refusal,
  signedHeadCodec,
} from "@treehouse/protocol";
import type { Entry, NamedHub } from "@treehouse/protocol";
import { sha256 } from "../../platform/index.ts";
import type { Tx } from "../../platform/index.ts";
import type { FollowedContext } from "./context.ts";
import type { PreparedBatch, TouchedRoom } from "./prepare.ts";

/**
 * FED-1125: whether the commit before is one that names this very hub: a hub alone gives its room to nobody.
 * Where that commit is not here, members judge it.
 */
export async function isNamed(
  { roomLog }: Pick<FollowedContext, "roomLog">,
  tx: Tx,
  { room, position, previous }: Entry,
  named: NamedHub,
): Promise<boolean> {
  const range = { after: position - 2, upTo: position - 1 };
  const [before] = (await roomLog.readLog(tx, room, range)).entries;
  if (before === undefined) return true;
  const entry = decodeEntry(before.bytes, "sliced");
  if (entry.kind !== "commit" || !equalBytes(entryHash(before.bytes, sha256), previous))
    return false;
  try {
    const { roomState } = readChange(entry.commit);
    if (roomState === undefined) return false;
    const { hub, hubKey, term } = decodeRoomState(roomState);
    const isKey = hubKey !== undefined && equalBytes(hubKey, named.hubKey);
    return isKey && hub === named.hub && term === named.term;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

/**
 * The hub of a room has closed its log in favour of another one, which is followed from here on
 * (FED-1125): by its key, in its term, and nobody else's. What it has sent already was refused, so
 * it is asked for; that it is this server is seen to after the transaction. The last word of the former one
 * is kept for those who have missed it.
 */
export async function followNewHub(
  { store, domain, env }: Pick<FollowedContext, "store" | "domain" | "env">,
  tx: Tx,
  { heads }: Pick<PreparedBatch, "heads">,
  touched: TouchedRoom,
  { named, term: closed }: { readonly named: NamedHub; readonly term: number },
): Promise<void> {
  const { room, head } = touched;
  const { hub, term } = named;
  const hubKey = named.hubKey.slice();
  const closing = heads.find(
    ({ signed, hubKey: by }) =>
      signed.head.room === room.room &&
      signed.head.term === closed &&
      signed.head.position === head.position &&
      equalBytes(signed.head.hash, head.hash) &&
      equalBytes(by, room.hubKey),
  );
  if (closing !== undefined) {
    const signedHead = signedHeadCodec.encode(closing.signed);
    const kept = { room: room.room, term: closed, signedHead, closedAt: env.now() };
    await store.keepClosing(tx, kept);
  }
  await store.changeFollowedHub(tx, room.id, { hub, hubKey });
  touched.room = { ...room, hub, hubKey, signedHead: undefined };
  const seen = hub === domain ? head.position : head.position + 1;
  touched.head = { ...head, term, seen };
  touched.newest = undefined;
  touched.signedHead = undefined;
  touched.moved = true;
}
