import { NetworkFault, Refusal } from "@treehouse/protocol";

import type { IntentRow } from "../storage/index.ts";
import { buildCommit, finishCommit } from "./commit-intent.ts";
import type { GroupsContext, Room } from "./context.ts";
import { finishLeave } from "./leave-intent.ts";
import { loadGroup } from "./load-group.ts";
import { buildSend, finishSend } from "./send-intent.ts";

/**
 * What a step came to. `next`: look at the next intent. `wait`: nothing can be done before the
 * stream brings something new or the connection comes back.
 */
export type Step = "next" | "wait";

/** An update is committed at the latest after so many own messages in one epoch. */
const messagesBeforeUpdate = 3_500;
const retryDelayMs = 500;

/**
 * Works through the room's intents, oldest first, as long as there is a connection. The network is
 * awaited outside of `serial`, so that entries keep being applied meanwhile. Call it whenever
 * something may have changed; a call during a run makes that run look once more.
 */
export function pump(context: GroupsContext, room: Room): void {
  if (!context.link.live()) return;
  if (room.pumping !== undefined) {
    room.again = true;
    return;
  }
  room.pumping = run(context, room)
    .catch((error: unknown) => context.env.log.error("pump.failed", { error: String(error) }))
    .finally(() => {
      room.pumping = undefined;
      if (!room.again) return;
      room.again = false;
      pump(context, room);
    });
}

async function run(context: GroupsContext, room: Room): Promise<void> {
  while (context.link.live() && !room.forked) {
    const intents = await context.store.transaction((tx) => tx.intents.list(room.uri));
    const intent = intents.find(({ status }) => status !== "accepted");
    if (intent === undefined) return;
    if ((await attempt(context, room, intent)) === "wait") return;
  }
}

async function attempt(context: GroupsContext, room: Room, intent: IntentRow): Promise<Step> {
  try {
    if (intent.kind === "send" && (await needsCommitFirst(context, room, intent))) {
      return await commitFirst(context, room);
    }
    return await dispatch(context, room, intent);
  } catch (error) {
    if (error instanceof NetworkFault) {
      retryLater(context, room);
      return "wait";
    }
    if (error instanceof Refusal && isPassing(error)) {
      retryLater(context, room, error.data.retryAfterMs);
      return "wait";
    }
    await give(context, room, intent, error);
    return "next";
  }
}

async function dispatch(context: GroupsContext, room: Room, intent: IntentRow): Promise<Step> {
  switch (intent.kind) {
    case "send": {
      const request = intent.request ?? (await buildSend(context, room, intent));
      return finishSend(context, room, intent, await context.link.submit(room.uri, request));
    }
    case "add":
    case "remove":
    case "commit": {
      const request = intent.request ?? (await buildCommit(context, room, intent));
      if (request === "done") return "next";
      return finishCommit(context, room, intent, await context.link.update(room.uri, request));
    }
    case "leave":
      return finishLeave(context, room, intent);
  }
}

/** Pending removals are committed before anything is sent: the leaver must not read it. */
function needsCommitFirst(context: GroupsContext, room: Room, intent: IntentRow): Promise<boolean> {
  if (intent.status === "submitted") return Promise.resolve(false);
  return room.serial.run(async () => {
    const group = await loadGroup(context, room);
    return group.pendingRemovals.length > 0 || group.messagesSentInEpoch >= messagesBeforeUpdate;
  });
}

async function commitFirst(context: GroupsContext, room: Room): Promise<Step> {
  const commit = await context.store.transaction((tx) => {
    const known = tx.intents.list(room.uri).find(({ kind }) => kind === "commit");
    if (known !== undefined) return known;
    const body = new Uint8Array();
    const createdAt = context.env.now();
    const serial = tx.intents.add({ room: room.uri, kind: "commit", createdAt, body });
    return tx.intents.get(serial);
  });
  if (commit === undefined || commit.status === "accepted") return "wait";
  return attempt(context, room, commit);
}

/** The server may take the same request later. */
function isPassing(refusal: Refusal): boolean {
  return ["rateLimited", "unavailable", "storageFull", "internal"].includes(refusal.code);
}

function retryLater(context: GroupsContext, room: Room, delayMs = retryDelayMs): void {
  context.env.timer(delayMs, () => pump(context, room));
}

/** The intent can never be done: it is forgotten, and whoever waits is told why. */
async function give(
  context: GroupsContext,
  room: Room,
  intent: IntentRow,
  error: unknown,
): Promise<void> {
  await room.serial.run(async () => {
    await context.store.transaction((tx) => tx.intents.delete(intent.serial));
  });
  const waiter = room.waiters.get(intent.serial);
  room.waiters.delete(intent.serial);
  if (waiter !== undefined) waiter.reject(error);
  else context.env.log.warn("intent.refused", { kind: intent.kind });
}
