import { NetworkFault, Refusal, type TreeResponse, type UserUri } from "@treehouse/protocol";

import type { LocalTx } from "../../storage/index.ts";
import {
  type GroupsContext,
  type Room,
  isHubAway,
  isPassing,
  isSessionOver,
  changedKeyText,
  pinMembers,
  tellChangedKeys,
  isHidden,
  describeEvent,
  dropFirstWelcome,
  firstWelcome,
  type WelcomeEntry,
} from "../room/index.ts";
import { formerGroupOf, type Missed, missedBy } from "../rejoining/index.ts";
import { type Renewal, tellRenewal, writeRenewal } from "../generations/renewal.ts";
import { endReturn } from "../health/index.ts";
import { fetchTree, joinWelcome } from "./join-welcome.ts";
import { finishPassed } from "../saying/index.ts";

/** `waits`: nothing was written, for what is needed cannot be had now; `late` says when it may be. */
export type Entering = "done" | "waits";

/**
 * Joins by a Welcome, together with what `also` writes. One that cannot be used is told and passed
 * over, for it must not block anything (T-41); the client then comes in by a commit of its own.
 * Runs in the room's `serial`.
 */
export async function enterRoom(
  context: GroupsContext,
  room: Room,
  entry: WelcomeEntry,
  also: (tx: LocalTx) => void,
  tree: () => Promise<TreeResponse> = () => soon(context, fetchTree(context, entry.welcome)),
): Promise<Entering> {
  let hidden: boolean;
  let changedKeys: readonly UserUri[];
  let renewal: Renewal | undefined;
  let lost: readonly string[] = [];
  let missed: readonly Missed[] = [];
  try {
    const former = await formerGroupOf(context, room);
    const joined = await joinWelcome(context, entry.welcome, entry.acceptedAt, tree, former);
    ({ renewal } = joined);
    let noted: () => void;
    ({ hidden, changedKeys, noted } = await context.store.transaction((tx) => {
      if (renewal !== undefined) lost = writeRenewal(context, tx, room, renewal);
      finishPassed(context, room, tx, joined.cursor.position);
      const done = joined.write(tx);
      also(tx);
      const changed = pinMembers(context, tx, joined.group.members());
      const { position } = joined.cursor;
      if (changed.length > 0) {
        const text = changed.map(changedKeyText).join(" ");
        const body = describeEvent({ kind: "fault", code: "identityChanged", text });
        const { acceptedAt } = entry;
        const place = { room: room.uri, position, messageId: `fault ${position}`, acceptedAt };
        tx.messages.append({ ...place, kind: "fault", body }, true);
      }
      return { hidden: isHidden(tx, room.uri), changedKeys: changed, noted: done };
    }));
    noted();
    if (renewal !== undefined) {
      const { group, cursor: head } = joined;
      missed = missedBy(room, { renewal, rollback: undefined, head, epoch: group.epoch });
    }
    room.group = joined.group;
    room.cursor = joined.cursor;
    room.forked = false;
    room.lost = false;
    room.epochAtHub = 0;
    room.hub = joined.hub;
    room.rollback = undefined;
    room.warned = false;
    room.forgotten = false;
    room.late = undefined;
  } catch (error) {
    if (error instanceof NetworkFault || (error instanceof Refusal && isPassing(error))) {
      room.late = later(context, room, error);
      return "waits";
    }
    if (!(error instanceof Refusal) || isSessionOver(error)) throw error;
    await context.store.transaction(also);
    room.late = undefined;
    if (error.code === "roomExists") return "done";
    room.lost = true;
    const { position } = entry;
    const text = `A Welcome cannot be used (${error.message}); trying to come in without it.`;
    context.events.emit("fault", { room: room.uri, position, code: "welcomeUnusable", text });
    return "done";
  }
  if (renewal !== undefined) {
    tellRenewal(context, room, renewal, { hidden, lost });
    for (const gap of hidden ? [] : missed) {
      context.events.emit("gap", { stream: room.uri, ...gap, reason: "missed" });
    }
    endReturn(room);
  }
  if (!hidden) context.events.emit("joined", { room: room.uri });
  tellChangedKeys(context, room, changedKeys);
  return "done";
}

const patienceMs = 5_000;

/** The streams stand still meanwhile, so that a hub that is slow counts as one that is away. */
async function soon<T>({ alarms }: GroupsContext, work: Promise<T>): Promise<T> {
  const alarm = alarms.create();
  const late = new Promise<never>((_resolve, reject) => {
    const text = "the conversation's hub takes its time";
    alarm.set(patienceMs, () => reject(new Refusal("peerUnreachable", text)));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    alarm.cancel();
  }
}

const firstDelayMs = 500;
const delayMaxMs = 60_000;

function later({ env }: GroupsContext, { late }: Room, error: Refusal | NetworkFault) {
  const attempts = (late?.attempts ?? 0) + 1;
  const told = error instanceof Refusal ? (error.data.retryAfterMs ?? 0) : 0;
  const delayMs = Math.max(told, firstDelayMs * 2 ** Math.min(attempts - 1, 10));
  return {
    attempts,
    due: env.monotonic() + Math.min(delayMaxMs, delayMs),
    hubAway: error instanceof Refusal && isHubAway(error),
    passedOver: late?.passedOver ?? false,
  };
}

/**
 * The server goes on right behind a Welcome that waits for the entry with which this client leaves:
 * it has forgotten that the client was in, and there will be no such entry. The old membership ends
 * here. Answers whether it was so.
 */
export async function supersede(
  context: GroupsContext,
  room: Room,
  position: number,
): Promise<boolean> {
  const from = room.cursor.position + 1;
  const ends = await context.store.transaction((tx) => {
    if (firstWelcome(tx, room.uri)?.welcome.position !== position) return undefined;
    tx.rooms.setStatus(room.uri, "removed");
    tx.rooms.deleteGroup(room.uri);
    return { hidden: isHidden(tx, room.uri) };
  });
  if (ends === undefined) return false;
  room.group = undefined;
  // What was said until this client left, as well.
  if (from < position && !ends.hidden) {
    const missed = { from, to: position - 1, reason: "missed" as const };
    context.events.emit("gap", { stream: room.uri, ...missed });
  }
  await enterAgain(context, room);
  return true;
}

/** Enters again by a Welcome that came early, if there is one. */
export async function enterAgain(
  context: GroupsContext,
  room: Room,
  tree?: () => Promise<TreeResponse>,
): Promise<Entering | "none"> {
  const waiting = await context.store.transaction((tx) => firstWelcome(tx, room.uri));
  if (waiting === undefined) return "none";
  const drop = (tx: LocalTx) => dropFirstWelcome(tx, room.uri);
  return enterRoom(context, room, waiting, drop, tree);
}
