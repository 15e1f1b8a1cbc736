import {
  type Bytes,
  decodeEntry,
  LIMITS,
  NetworkFault,
  Refusal,
  submitMessageRequestCodec,
  userOfClient,
} from "@treehouse/protocol";

import {
  type GroupsContext,
  type Room,
  loadGroup,
  checkKeysAccepted,
  receptionOf,
} from "./room/index.ts";

/** Something ephemeral, as its sender says it. */
export type Whisper = { readonly mediaType: string; readonly content: Bytes };

/** What becomes of it: `lost` is nothing to tell anybody of. */
export type Whispered = "taken" | "lost" | { readonly retryAfterMs: number };

/**
 * Says something that nobody keeps. Never rejects: whatever is in the way, it is lost, and the same is
 * said anew soon enough or not worth saying any more.
 */
export async function whisper(
  context: GroupsContext,
  room: Room,
  said: Whisper,
): Promise<Whispered> {
  try {
    for (let attempt = 0; ; attempt += 1) {
      const before = context.env.now();
      if (before < room.ephemeral.pausedUntil) return "lost";
      const request = await seal(context, room, said);
      const answer = await context.link.submit(room.uri, request);
      if (answer.status !== "accepted") return lost(context, room);
      const wrongBy = learnClock(context, room, before, answer.acceptedAt);
      // With a clock that was so wrong it was heard by nobody.
      if (wrongBy < LIMITS.ephemeralAgeMs / 2 || attempt > 0) return "taken";
    }
  } catch (error) {
    return outcomeOf(context, room, error);
  }
}

function seal(context: GroupsContext, room: Room, said: Whisper): Promise<Bytes> {
  return room.serial.run(async () => {
    await checkKeysAccepted(context, room);
    const group = await loadGroup(context, room);
    const sentAt = Math.max(0, context.env.now() + room.ephemeral.clockOffsetMs);
    const message = await group.sealEphemeral({ ...said, sentAt });
    const sendingUri = context.self.user;
    return submitMessageRequestCodec.encode({ ephemeral: true, message, sendingUri });
  });
}

/** Compares the clocks; answers by how much they differ more than was known (FED-854). */
function learnClock(
  { env }: GroupsContext,
  { ephemeral }: Room,
  before: number,
  acceptedAt: number,
): number {
  const after = env.now();
  const offset = Math.round(acceptedAt - (before + after) / 2);
  const wrongBy = Math.abs(offset - ephemeral.clockOffsetMs);
  // Within the time that the answer took nothing can be told.
  if (wrongBy <= Math.abs(after - before)) return 0;
  ephemeral.clockOffsetMs = offset;
  return wrongBy;
}

function outcomeOf(context: GroupsContext, room: Room, error: unknown): Whispered {
  if (error instanceof NetworkFault) return "lost";
  if (!(error instanceof Refusal)) {
    context.env.log.warn("ephemeral.failed", { error: String(error) });
    return "lost";
  }
  if (error.code === "rateLimited") {
    return { retryAfterMs: error.data.retryAfterMs ?? 1_000 };
  }
  // A hub that has never heard of such messages.
  return error.code === "notAllowed" ? lost(context, room) : "lost";
}

function lost({ env }: GroupsContext, { ephemeral }: Room): Whispered {
  ephemeral.pausedUntil = env.now() + LIMITS.ephemeralPauseMs;
  return "lost";
}

/**
 * Takes in an ephemeral entry. Whatever is wrong with one, it is dropped: it moves no cursor, is no
 * fault, and nothing of it is kept. Runs in the room's `serial`.
 */
export async function overhear(
  context: GroupsContext,
  room: Room,
  bytes: Uint8Array,
): Promise<void> {
  if (room.forked || room.lost || room.halt !== undefined) return;
  try {
    const entry = decodeEntry(bytes);
    if (entry.kind !== "application" || !entry.ephemeral) return;
    const group = await loadGroup(context, room);
    const opened = await group.openEphemeral(entry.message, {
      acceptedAt: entry.acceptedAt,
      now: context.env.now() + room.ephemeral.clockOffsetMs,
    });
    const { client: sender, mediaType, content } = opened;
    const user = userOfClient(sender);
    if (user === context.self.user) return;
    const reception = await context.store.transaction((tx) => receptionOf(tx, room.uri, user));
    if (reception !== "shown") return;
    context.ears.overheard({ room: room.uri, sender, mediaType, content });
  } catch (error) {
    if (error instanceof Refusal) return;
    context.env.log.warn("ephemeral.notOpened", { error: String(error) });
  }
}
