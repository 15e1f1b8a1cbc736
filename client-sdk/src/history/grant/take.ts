import { parseRoomUri, type RoomUri, userOfClient } from "@treehouse/protocol";

import { type JoinedAt, joinedAt } from "../../groups/index.ts";
import type { LocalTx } from "../../storage/index.ts";
import type { HistoryContext } from "../context.ts";
import { nothingTaken, sumOf, takeSegment } from "../take-segment.ts";
import { type Heard, heardCodec, type HeardGrant } from "./heard-grant.ts";
import { openGranted } from "./open-granted.ts";
import type { GrantPorts } from "./ports.ts";
import { withinGrant } from "./within-grant.ts";

/**
 * By room and sender a grant for this client that is not taken in yet, and nothing of one that was of no
 * use; by room alone, that one was taken.
 */
const pending = "history grant ";

/**
 * Keeps a grant that is for this client: of the commit by which it came, while none is taken, and the
 * first one of its sender. Answers whether it is. Nobody else's is looked at.
 */
export function keepGrant(tx: LocalTx, { self }: HistoryContext, heard: Heard): boolean {
  const { grant, room, user } = heard;
  const isForThis = grant.to.includes(self) && joinedAt(tx, room)?.position === grant.position;
  // Who came by the same commit has heard nothing before it.
  if (!isForThis || grant.to.includes(user) || grant.pieces.length === 0) return false;
  const name = `${pending}${room} ${user}`;
  if (tx.settings.get(`${pending}${room}`) !== undefined) return false;
  if (tx.settings.get(name) !== undefined) return false;
  tx.settings.put(name, heardCodec.encode({ user, grant }));
  return true;
}

/** The rooms in which something is not taken in yet. */
export async function pendingGrants({ store }: HistoryContext): Promise<readonly RoomUri[]> {
  const names = await store.transaction((tx) => waitingIn(tx, ""));
  return [...new Set(names.map((name) => name.slice(pending.length).split(" ")[0] ?? ""))].map(
    (room) => parseRoomUri(room),
  );
}

function waitingIn(tx: LocalTx, room: string): readonly string[] {
  const names = tx.settings.namesAfter(`${pending}${room}`);
  return names
    .map((rest) => `${pending}${room}${rest}`)
    .filter((name) => (tx.settings.get(name)?.length ?? 0) > 0);
}

/**
 * Takes in what a member has granted, as that member's word: messages, edits and reactions of this room,
 * from before this client came, no older than the room grants. Everything else in it is left out, and all
 * of it if the room grants nothing, or not by this member. Where that leaves nothing, the next one's is
 * taken.
 */
export async function takeGrant(
  context: HistoryContext,
  ports: GrantPorts,
  room: RoomUri,
): Promise<void> {
  const { events, store } = context;
  const { joined, names } = await store.transaction((tx) => ({
    joined: joinedAt(tx, room),
    names: waitingIn(tx, room),
  }));
  if (joined === undefined) return;
  let failed: { readonly error: unknown } | undefined;
  for (const name of names) {
    ports.life.throwIfAborted();
    const octets = await store.transaction((tx) => tx.settings.get(name));
    if (octets === undefined) continue;
    const heard = heardCodec.decode(octets);
    try {
      if (await takeOne(context, ports, { ...heard, room, joined })) {
        await store.transaction((tx) => settle(tx, room));
        const total = heard.grant.pieces.length;
        events.emit("history", { from: "member", state: "complete", done: total, total });
        return;
      }
      // What stays behind says that there was one: nobody gets a second word.
      await store.transaction((tx) => tx.settings.put(name, new Uint8Array()));
    } catch (error) {
      // It is tried again; what another one tells need not wait for it.
      failed = { error };
    }
  }
  if (failed !== undefined) throw failed.error;
}

function settle(tx: LocalTx, room: RoomUri): void {
  for (const rest of tx.settings.namesAfter(`${pending}${room} `)) {
    tx.settings.delete(`${pending}${room} ${rest}`);
  }
  tx.settings.put(`${pending}${room}`, new Uint8Array());
}

/** Answers whether it brought anything. */
async function takeOne(
  context: HistoryContext,
  ports: GrantPorts,
  { user, grant, room, joined }: HeardGrant & { readonly room: RoomUri; readonly joined: JoinedAt },
): Promise<boolean> {
  const { days, clients } = await ports.granting(room);
  if (days === 0 || !clients.some((client) => userOfClient(client) === user)) return false;
  let counts = nothingTaken;
  // The newest piece is the first, and a change counts for what was told before it.
  for (const number of [...grant.pieces.keys()].toReversed()) {
    ports.life.throwIfAborted();
    const segment = await openGranted(ports, room, grant, number);
    if (segment === undefined) continue;
    const within = withinGrant(segment, { ...joined, room, days, since: grant.since });
    counts = sumOf(counts, await takeSegment(context, within, user));
  }
  return counts.added + counts.known > 0;
}
