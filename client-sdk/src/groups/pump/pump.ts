import { NetworkFault, Refusal } from "@treehouse/protocol";

import type { FaultCode } from "../../events/index.ts";
import { type IntentRow, type IntentStatus, StoreFault } from "../../storage/index.ts";
import { askOnceMore } from "./ask-once-more.ts";
import { closeRoom } from "./close-room.ts";
import { buildCommit, finishCommit, finishFounding } from "../changing/index.ts";
import {
  type GroupsContext,
  type Room,
  tellFaultAt,
  loadGroup,
  isHubAway,
  isPassing,
  isSessionOver,
  firstWelcome,
} from "../room/index.ts";
import { enterLate } from "../entering/index.ts";
import { comeIn, readPendingJoin } from "../joining/index.ts";
import { comeAlong } from "../generations/come-along.ts";
import { finishLeave } from "./leave-intent.ts";
import { giveUp } from "./give-up.ts";
import { releaseHeld, buildSend, finishSend } from "../saying/index.ts";
import { endWaiting, faceHalt, faceTrouble, tellHealth } from "../health/index.ts";
import { isRemovalPending, needsCommitFirst } from "./needs-commit-first.ts";
import { postpone } from "./postpone.ts";
import { tellStopped } from "./stopped.ts";
import { isDoubtful, isHubBehind, isTransient, refusalFor } from "./transient.ts";
import {
  forgottenText,
  offerText,
  staleText,
  rejoinRoom,
  StaleOffer,
  TooManyRollbacks,
  settleDoubt,
} from "../rejoining/index.ts";

/**
 * What a step came to. `next`: look at the next intent. `wait`: nothing can be done before the
 * stream brings something new, an alarm rings, or the connection comes back. `soon`: the same, but
 * the entries that matter may have come already. `refused`: this intent was given up.
 */
export type Step = "next" | "wait" | "soon" | "refused";

const retryDelayMs = 500;
const soonDelayMs = 250;
/** What suspends may end at any time. */
const suspendedDelayMs = 2_000;
/** A hub that cannot be reached is asked ever more seldom; by whom nobody waits for least of all. */
const awayDelayMaxMs = 8_000;
const lostDelayMaxMs = 60_000;
/** A commit that must come first was refused: the same would be refused again for a while. */
const refusedDelayMs = 5_000;

/**
 * Works through the room's intents, oldest first, as long as there is a connection. The network is
 * awaited outside of `serial`, so that entries keep being applied meanwhile. Call it whenever
 * something may have changed; a call during a run makes that run look once more.
 */
export function pump(context: GroupsContext, room: Room): void {
  const over = context.over(true);
  if (over !== undefined) return endWaiting(room, over);
  if (!context.link.live()) return;
  if (room.pumping !== undefined) {
    room.again = true;
    // What runs may wait long for an answer of the hub.
    void tellHealth(context, room);
    return;
  }
  room.pumping = run(context, room)
    .catch((error: unknown) => {
      // The intents are still stored; a full disk, for one, may have room again later.
      context.env.log.error("pump.failed", { error: String(error) });
      if (error instanceof StoreFault && error.code === "closed") return;
      retryLater(context, room, refusedDelayMs);
    })
    .then(() => tellHealth(context, room))
    .finally(() => {
      room.pumping = undefined;
      context.link.look();
      if (!room.again) return;
      room.again = false;
      pump(context, room);
    });
}

const openStatuses: readonly IntentStatus[] = ["waiting", "submitted"];

async function run(context: GroupsContext, room: Room): Promise<void> {
  if (room.halt !== undefined) await guarded(context, room, () => faceHalt(context, room));
  while (context.link.live() && !room.forked && room.halt === undefined) {
    const { first } = room.hub;
    const { status, intent, isFirstThere, awaitsChange, welcome, join } =
      await context.store.transaction((tx) => {
        const preferred = first === undefined ? undefined : tx.intents.get(first);
        const isOpen = preferred !== undefined && openStatuses.includes(preferred.status);
        return {
          status: tx.rooms.get(room.uri)?.status,
          intent:
            isOpen && !room.postponed.has(preferred.serial)
              ? preferred
              : tx.intents.next(room.uri, room.postponed),
          isFirstThere: preferred !== undefined,
          awaitsChange: tx.intents.awaitsChange(room.uri),
          welcome: firstWelcome(tx, room.uri),
          join: readPendingJoin(tx, room.uri),
        };
      });
    if (join !== undefined) {
      const step = await guarded(context, room, () => comeIn(context, room, join));
      if (step === "soon") retryLater(context, room, soonDelayMs);
      if (step === "soon" || step === "wait") return;
      continue;
    }
    if (welcome !== undefined && (status === undefined || status === "removed")) {
      if ((await guarded(context, room, () => enter(context, room))) === "wait") return;
      continue;
    }
    if (status === "founding") {
      if ((await guarded(context, room, () => found(context, room))) === "wait") return;
      continue;
    }
    if (room.lost || (room.hub.doubt !== undefined && status === "joined")) {
      if ((await guarded(context, room, () => rejoin(context, room))) === "wait") return;
      continue;
    }
    // What follows a commit of ours is built upon it, so it waits for the echo: a message in the
    // epoch before could not be read by whom the commit adds.
    if (awaitsChange) return;
    if (first !== undefined && !isFirstThere) {
      await releaseHeld(context, room);
      continue;
    }
    if (intent === undefined) return;
    // What is built before the entries of that epoch came would be refused once more.
    const behind = room.group !== undefined && room.group.epoch < room.epochAtHub;
    if (behind && intent.kind !== "leave") return;
    if (status === "joined") {
      const standing = await lookAtGroup(context, room);
      if (standing === "halted") return;
      if (standing === "gone") continue;
    }
    const step = await attempt(context, room, intent);
    if (step === "soon") retryLater(context, room, soonDelayMs);
    if (step === "soon" || step === "wait") return;
  }
}

/** The group may not have been loaded yet; `gone`: meanwhile the stream has brought this client's removal. */
function lookAtGroup(context: GroupsContext, room: Room): Promise<"halted" | "goesOn" | "gone"> {
  return room.serial.run(async () => {
    if (room.group === undefined) {
      const status = await context.store.transaction((tx) => tx.rooms.get(room.uri)?.status);
      if (status !== "joined") return "gone";
    }
    await loadGroup(context, room);
    return room.halt === undefined ? "goesOn" : "halted";
  });
}

async function enter(context: GroupsContext, room: Room): Promise<Step> {
  const delayMs = await enterLate(context, room);
  if (delayMs === 0) return "next";
  retryLater(context, room, delayMs);
  return "wait";
}

async function found(context: GroupsContext, room: Room): Promise<Step> {
  try {
    await finishFounding(context, room.uri);
  } catch (error) {
    if (!(error instanceof Refusal) || isPassing(error) || isSessionOver(error)) throw error;
    await closeRoom(context, room, error);
  }
  return "next";
}

async function rejoin(context: GroupsContext, room: Room): Promise<Step> {
  const { position } = room.cursor;
  if (room.lost) {
    const along = await comeAlong(context, room);
    if (along === "done") return "next";
    if (along !== undefined) return waitFor(context, room, along);
  }
  if (room.trouble !== undefined) {
    const waitMs = await faceTrouble(context, room, room.trouble);
    if (waitMs === 0) return "next";
    if (waitMs !== undefined) return waitFor(context, room, waitMs);
  }
  try {
    if (room.lost) await rejoinRoom(context, room);
    else await settleDoubt(context, room);
    return "next";
  } catch (error) {
    if (error instanceof TooManyRollbacks) warn(context, room, "restoredTooOften", error.message);
    if (!(error instanceof Refusal) || isTransient(error)) throw error;
    context.env.log.warn("rejoin.refused", { code: error.code });
    if (outOfRoom.includes(error.code)) {
      // Of a room that its hub knows no more nobody can tell.
      if (error.code !== "unknownRoom") await askOnceMore(context, room);
      if (room.forgotten) tellFaultAt(context, room, position, "roomForgotten", forgottenText);
      await closeRoom(context, room, error);
      return "next";
    }
    if (error.code === "suspended") {
      const untilMs = error.data.retryAfterMs ?? refusedDelayMs;
      room.suspendedUntil = context.env.now() + untilMs;
      // The first time it ends as soon as somebody else has committed.
      retryLater(context, room, Math.min(untilMs, suspendedDelayMs));
      return "wait";
    }
    if (error.code === "invalidMessage") {
      if (error instanceof StaleOffer) warn(context, room, "restoreUnproven", staleText);
      else warn(context, room, "groupInfoInvalid", `${offerText} (${error.message}).`);
      retryLater(context, room, staleDelayMs);
      return "wait";
    }
    retryLater(context, room, error.code === "wrongEpoch" ? retryDelayMs : refusedDelayMs);
    return "wait";
  }
}

/** It may be much sooner than what was waited for before. */
function waitFor(context: GroupsContext, room: Room, delayMs: number): Step {
  room.retry.cancel();
  retryLater(context, room, delayMs);
  return "wait";
}

function warn(context: GroupsContext, room: Room, code: FaultCode, text: string): void {
  if (room.warned) return;
  room.warned = true;
  tellFaultAt(context, room, room.cursor.position, code, text);
}

/** Whoever offers something stale will not have better at once. */
const staleDelayMs = 60_000;
const outOfRoom: readonly string[] = ["notMember", "removed", "unknownRoom"];

function attempt(context: GroupsContext, room: Room, intent: IntentRow): Promise<Step> {
  return guarded(context, room, async () => {
    try {
      if (intent.kind === "send" && (await needsCommitFirst(context, room, intent))) {
        return await commitFirst(context, room);
      }
      return await dispatch(context, room, intent);
    } catch (error) {
      if (isTransient(error)) throw error;
      // A removal was proposed after the look, and before the message was encrypted.
      if (intent.kind === "send" && isRemovalPending(error))
        return await commitFirst(context, room);
      if (postpone(room, intent, error, () => pump(context, room))) return "next";
      if (isDoubtful(room, intent, error)) {
        retryLater(context, room, refusedDelayMs);
        return "wait";
      }
      await giveUp(context, room, intent, error);
      return "refused";
    }
  });
}

/** Turns what will pass by itself into a wait; the stored intents stay as they are. */
async function guarded(
  context: GroupsContext,
  room: Room,
  act: () => Promise<Step>,
): Promise<Step> {
  try {
    const step = await act();
    room.unreached = 0;
    return step;
  } catch (error) {
    if (error instanceof NetworkFault) {
      retryLater(context, room, retryDelayMs);
      return "wait";
    }
    if (error instanceof Refusal && isPassing(error)) {
      if (error.code === "roomStopped") tellStopped(context, room);
      retryLater(context, room, passingDelay(room, error));
      return "wait";
    }
    if (isHubBehind(error)) {
      retryLater(context, room, refusedDelayMs);
      return "wait";
    }
    // The connection finds out by itself, and says so with `loginRequired`.
    if (error instanceof Refusal && isSessionOver(error)) return "wait";
    throw error;
  }
}

/** What comes of the hub has the room looked at sooner. */
function passingDelay(room: Room, refusal: Refusal): number {
  const told = refusal.data.retryAfterMs ?? retryDelayMs;
  if (!isHubAway(refusal)) return told;
  const longest = room.lost ? lostDelayMaxMs : awayDelayMaxMs;
  const delayMs = retryDelayMs * 2 ** Math.min(room.unreached, 16);
  room.unreached += 1;
  return Math.max(told, Math.min(longest, delayMs));
}

async function dispatch(context: GroupsContext, room: Room, intent: IntentRow): Promise<Step> {
  switch (intent.kind) {
    case "send": {
      const request = intent.request ?? (await buildSend(context, room, intent));
      const answer = await context.link.submit(room.uri, request).catch(refusalFor);
      return finishSend(context, room, intent, answer);
    }
    case "add":
    case "remove":
    case "bringBack":
    case "hub":
    case "component":
    case "metadata":
    case "policy":
    case "end":
    case "joinLink":
    case "takeRole":
    case "commit": {
      const request = intent.request ?? (await buildCommit(context, room, intent));
      if (request === "done") return "next";
      const answer = await context.link.update(room.uri, request).catch(refusalFor);
      return finishCommit(context, room, intent, answer);
    }
    case "leave":
      return finishLeave(context, room, intent);
  }
}

async function commitFirst(context: GroupsContext, room: Room): Promise<Step> {
  const commit = await context.store.transaction((tx) => {
    const known = tx.intents.oldest(room.uri, "commit");
    if (known !== undefined) return known;
    const body = new Uint8Array();
    const createdAt = context.env.now();
    const serial = tx.intents.add({ room: room.uri, kind: "commit", createdAt, body });
    return tx.intents.get(serial);
  });
  if (commit === undefined || commit.status === "accepted") return "wait";
  const step = await attempt(context, room, commit);
  if (step !== "refused") return step;
  retryLater(context, room, refusedDelayMs);
  return "wait";
}

function retryLater(context: GroupsContext, room: Room, delayMs: number): void {
  room.retry.set(delayMs, () => pump(context, room));
}
