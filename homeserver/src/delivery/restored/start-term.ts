import { restoredDetail, TOMBSTONE_REASONS } from "@treehouse/protocol";
import type { DeliveryContext } from "../context.ts";
import { appendEntry, hostedRoom, type HostedRoom, signedHeadOf } from "../room/index.ts";

/** How far positions jump: more than a server can have given since any backup. */
export const TERM_JUMP = 2 ** 32;

/**
 * Begins the next term of a restored room (FED-957): positions jump, so that none that was given
 * between the backup and its loss is ever given again, and the first entry says why, and what the
 * last entry is that is still known.
 */
export async function startTerm(
  context: DeliveryContext,
  hosted: HostedRoom,
  seen: { readonly term: number; readonly position: number },
): Promise<void> {
  const { database, store, roomLog, rooms, crypto, env } = context;
  await database.transaction(async (tx) => {
    const before = await store.head(tx, hosted.id);
    if (before === undefined) return;
    const bounds = await store.termBounds(tx, hosted.id);
    const position = Math.max(
      Math.max(before.position, seen.position) + TERM_JUMP,
      bounds?.positionMin ?? 0,
    );
    const next = hostedRoom({
      ...hosted,
      term: Math.max(Math.max(hosted.term, seen.term) + 1, bounds?.termMin ?? 0),
      termSince: position + 1,
      revision: before.revision + 1,
    });
    const base = { position, hash: before.hash };
    const { bytes: head } = signedHeadOf(crypto, next, base);
    await roomLog.jumpTo(tx, next.room, position, { head });
    const place = { hosted: next, after: base, acceptedAt: env.now(), peers: next.peers };
    const reason = TOMBSTONE_REASONS.restored;
    const needsCommit = hosted.group.groupInfo.length === 0;
    const detail = restoredDetail({ position: before.position, needsCommit });
    const point = await appendEntry(
      context,
      tx,
      place,
      { kind: "tombstone", reason, replaced: before.hash, detail },
      (end) => {
        const { signed } = signedHeadOf(crypto, next, end);
        return new Map(next.peers.map((peer) => [peer, { head: signed }]));
      },
    );
    await store.startTerm(tx, hosted.id, {
      term: next.term,
      termSince: next.termSince,
      head: { ...before, ...point, revision: next.revision },
      signedHead: signedHeadOf(crypto, next, point).bytes,
    });
    // They may have commits that are forgotten here, and with them another roster.
    for (const peer of next.peers) await store.introduceAgain(tx, peer, next.room);
    tx.afterCommit(() => rooms.put(next));
  });
}
