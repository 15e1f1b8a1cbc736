import { decodeEntry, LIMITS, Refusal } from "@treehouse/protocol";
import type {
  Bytes,
  Cancel,
  Domain,
  EntryDelivery,
  EventsResponse,
  RefusalCode,
  RoomUri,
} from "@treehouse/protocol";
import { errorFields } from "../../platform/index.ts";
import type { Tx } from "../../platform/index.ts";
import type { FollowedContext } from "./context.ts";
import { finishBatch } from "./finish.ts";
import { prepareBatch } from "./prepare.ts";
import type { PreparedBatch } from "./prepare.ts";
import { receiveEntry } from "./receive.ts";
import type { FollowedRoom } from "./room.ts";

/** Fetches from hubs what is missing of followed rooms, room by room. */
export interface Backfill {
  /** Sees to it that the room is brought up to date, now or when its hub can be reached. */
  begin(room: RoomUri, hub: Domain): void;
  /** Begins with every room that was behind when the server stopped. */
  resume(): Promise<void>;
  /** Starts nothing more and waits for what is under way. */
  close(): Promise<void>;
}

/** Rooms that are fetched at one time; the others wait for their turn. */
const concurrencyMax = 64;
/** The same of one hub, so that one that takes its time keeps nobody else's rooms waiting. */
const perHubMax = 4;

/** How often it failed, and until when nothing is asked; `cancel` is unset once that is over. */
type Rest = { attempts: number; cancel: Cancel | undefined };

export function createBackfill(context: FollowedContext): Backfill {
  const { env } = context;
  const waiting = new Map<RoomUri, Domain>();
  const running = new Map<RoomUri, Promise<void>>();
  const runningOf = new Map<Domain, number>();
  /** Rooms for which something failed that is about them alone. */
  const failed = new Map<RoomUri, Rest>();
  /** Hubs that cannot be asked: their rooms wait together, and one is tried for all. */
  const away = new Map<Domain, Rest>();
  let closed = false;

  function begin(room: RoomUri, hub: Domain): void {
    // Of a room that comes here nothing is missing.
    if (closed || hub === context.domain) return;
    // Something was heard of the hub: it may well be asked again.
    endRest(away.get(hub));
    waiting.set(room, hub);
    next();
  }

  function next(): void {
    if (closed) return;
    for (const [room, hub] of waiting) {
      if (running.size >= concurrencyMax) return;
      const most = away.has(hub) ? 1 : perHubMax;
      if (running.has(room) || (runningOf.get(hub) ?? 0) >= most) continue;
      if (isResting(failed.get(room)) || isResting(away.get(hub))) continue;
      waiting.delete(room);
      running.set(room, run(room, hub));
    }
  }

  async function run(room: RoomUri, hub: Domain): Promise<void> {
    runningOf.set(hub, (runningOf.get(hub) ?? 0) + 1);
    try {
      const answered = await fetchMissing(context, room, {
        begin,
        answered: (asked) => {
          // Where something comes, the next attempt need not wait as long as where nothing does.
          const known = away.get(asked);
          if (known !== undefined) known.attempts = 0;
        },
        isClosed: () => closed,
      });
      failed.delete(room);
      if (answered && away.delete(hub)) env.log.info("backfillResumed", { host: hub });
    } catch (error) {
      waiting.set(room, hub);
      // Said once, however long it lasts and however many rooms it concerns.
      const first = isAway(error) ? rest(away, hub) : rest(failed, room);
      if (first) env.log.warn("backfillFailed", { host: hub, room, ...errorFields(error) });
    } finally {
      running.delete(room);
      const left = (runningOf.get(hub) ?? 1) - 1;
      if (left === 0) runningOf.delete(hub);
      else runningOf.set(hub, left);
      next();
    }
  }

  /** Leaves it alone for a while; answers whether it has not failed before. */
  function rest<K>(resting: Map<K, Rest>, key: K): boolean {
    const known = resting.get(key);
    if (closed || isResting(known)) return false;
    const attempts = (known?.attempts ?? 0) + 1;
    const most = Math.min(LIMITS.retryMostMs, LIMITS.retryFirstMs * 2 ** Math.min(attempts, 16));
    const jitter = (env.random(1)[0] ?? 0) / 255;
    const cancel = env.timer(most * (0.5 + jitter / 2), () => {
      endRest(resting.get(key));
      next();
    });
    resting.set(key, { attempts, cancel });
    return known === undefined;
  }

  return {
    begin,
    async resume() {
      const behind = await context.database.read((tx) => context.store.followedBehind(tx));
      for (const { room, hub } of behind) begin(room, hub);
    },
    async close() {
      closed = true;
      waiting.clear();
      for (const { cancel } of [...failed.values(), ...away.values()]) cancel?.();
      await Promise.all(running.values());
    },
  };
}

function isResting(rest: Rest | undefined): boolean {
  return rest?.cancel !== undefined;
}

function endRest(rest: Rest | undefined): void {
  rest?.cancel?.();
  if (rest !== undefined) rest.cancel = undefined;
}

/** Whether it concerns the hub as a whole. */
function isAway(error: unknown): boolean {
  return error instanceof Refusal && awayCodes.includes(error.code);
}

const awayCodes: readonly RefusalCode[] = [
  "peerDenied",
  "peerLimited",
  "peerUnreachable",
  "rateLimited",
];

/** What becomes of a room after a page: there may be more, or the same is asked with a roster. */
type Outcome = "more" | "introduce" | "level" | "frozen";

/**
 * Asks page after page until nothing is missing that is known to exist. False if nothing was, so
 * that the hub was not asked.
 */
async function fetchMissing(
  context: FollowedContext,
  name: RoomUri,
  {
    begin,
    answered,
    isClosed,
  }: Pick<Backfill, "begin"> & {
    answered(hub: Domain): void;
    isClosed(): boolean;
  },
): Promise<boolean> {
  let outcome: Outcome = "more";
  let asked = false;
  while (outcome !== "level" && outcome !== "frozen" && !isClosed()) {
    const room = await context.followed.get(name);
    if (room === undefined || room.head.frozen || room.head.seen <= room.head.position)
      return asked;
    const introduce = outcome === "introduce";
    const answer = await ask(context, room, introduce);
    asked = true;
    answered(room.hub);
    const prepared = await prepareBatch(context, room.hub, {
      items: deliveriesOf(answer),
      heads: answer.head === undefined ? [] : [answer.head],
      holes: true,
      introduced: introduce,
    });
    outcome = await context.database.transaction(async (tx) => {
      const now = await context.store.followedRoom(tx, name);
      if (now === undefined) return "level";
      // Another hub orders it since: what this one has said of its log settles nothing.
      if (now.hub !== room.hub) {
        context.followed.drop(name);
        return "more";
      }
      const taken = await takePage(context, tx, room, prepared, answer);
      // This one is asked about here as long as that brings anything.
      const others = (other: RoomUri, hub: Domain): void => {
        if (other !== name) begin(other, hub);
      };
      await finishBatch(context, tx, prepared, { ...context.ends, onBehind: others });
      // The log of one hub ends, and that of another goes on.
      const moved = prepared.touched.get(name)?.moved === true;
      if (taken === "level" && !moved)
        await settle(context, tx, room, endOf(prepared, answer.last));
      return taken;
    });
  }
  return asked;
}

async function takePage(
  context: FollowedContext,
  tx: Tx,
  { room: name, head }: FollowedRoom,
  prepared: PreparedBatch,
  answer: EventsResponse,
): Promise<Outcome> {
  let rejected: RefusalCode | undefined;
  for (const item of prepared.items) {
    ({ rejected } = await receiveEntry(context, tx, prepared, item));
    // What stands behind a commit is not to be taken before it.
    if (prepared.touched.get(name)?.wantsIntroduction === true) return "introduce";
  }
  const now = prepared.touched.get(name)?.head ?? head;
  if (now.frozen) return "frozen";
  if (prepared.touched.get(name)?.room.hub === context.domain) return "level";
  if (now.position > head.position) return "more";
  // The head that proves the term comes with another answer.
  if (rejected === "staleTerm" && answer.head === undefined) {
    throw new Refusal(rejected, "No head.");
  }
  return "level";
}

/** Who is told that a room is gone, or not theirs any more, has all that there will ever be. */
async function ask(
  { hubs }: FollowedContext,
  { room, hub, head: { position } }: FollowedRoom,
  introduce: boolean,
): Promise<EventsResponse> {
  const range = { after: position, limit: LIMITS.eventsPerPageMax, introduce };
  try {
    return await hubs.events(hub, room, range);
  } catch (error) {
    const over = error instanceof Refusal && ["notMember", "unknownRoom"].includes(error.code);
    if (!over) throw error;
    const nothing = { entries: [], head: undefined, introduction: undefined };
    return { ...nothing, oldest: position + 1, last: position };
  }
}

/** The entries as if the hub had sent them; an introduction is that of the first commit. */
function deliveriesOf({ entries, introduction }: EventsResponse): readonly EntryDelivery[] {
  let left = introduction;
  return entries.map((entry) => {
    const own = left !== undefined && isCommit(entry) ? left : undefined;
    if (own !== undefined) left = undefined;
    return { entry, head: undefined, groupInfo: undefined, welcomes: [], introduction: own };
  });
}

/** What cannot be decoded is rejected where it is taken. */
function isCommit(entry: Bytes): boolean {
  try {
    return decodeEntry(entry, "sliced").kind === "commit";
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

/** Up to where nothing will come: without entries all there is, else what cannot be taken. */
function endOf({ items }: PreparedBatch, last: number): number {
  if (items.length === 0) return last;
  return Math.max(...items.map((item) => (item.kind === "entry" ? item.entry.position : 0)));
}

/**
 * The hub has nothing more for us. If its log goes on, the entries up to there have expired: the
 * room is read from behind them, and readers are told of the gap.
 */
async function settle(
  { store, roomLog, followed }: FollowedContext,
  tx: Tx,
  room: FollowedRoom,
  last: number,
): Promise<void> {
  const stored = await store.followedHead(tx, room.id);
  if (stored === undefined || stored.position !== room.head.position) return;
  const gone = last > stored.position;
  const head = gone
    ? { ...stored, position: last, seen: last, hash: new Uint8Array(0) }
    : { ...stored, seen: stored.position };
  if (gone) await roomLog.jumpTo(tx, room.room, last);
  await store.moveFollowed(tx, room.id, head);
  tx.afterCommit(() => followed.put({ ...(followed.peek(room.room) ?? room), head }));
}
