import {
  type Bytes,
  type SubmitMessageRequest,
  submitMessageResponseCodec,
} from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import type { DeliveryContext } from "../context.ts";
import { settled } from "../health/index.ts";
import {
  answerExpiry,
  appendMessage,
  type Attempt,
  hasMoved,
  type HostedRoom,
  MOVED,
} from "../room/index.ts";
import type { LogPoint } from "../store/index.ts";

/** A message that was checked against the room as it is in memory. */
export type Taking = Attempt & {
  readonly submitted: SubmitMessageRequest;
  /** Commits up to this position stand with the message: its sender has applied them. */
  readonly upTo: number | undefined;
};

/** What was answered, or that the room is another one than was checked against. */
export type Taken = Bytes | typeof MOVED;

/**
 * Writes messages into the logs of their rooms. What comes for one room until the database has its
 * turn shares a closure: one savepoint, one look at the room's head and one move of it, which are a
 * sixth of what a message costs on a busy server (decision 0167).
 *
 * Messages of one room are written in the order in which they are given. One that fails takes no
 * other with it: what shared its closure is written again, each in one of its own.
 */
export interface Intake {
  take(taking: Taking): Promise<Taken>;
}

export type IntakeContext = Pick<
  DeliveryContext,
  "database" | "env" | "outbox" | "roomLog" | "rooms" | "store"
>;

type Waiting = {
  readonly taking: Taking;
  resolve(taken: Taken | Promise<Taken>): void;
  reject(error: unknown): void;
};

/** So many share a closure: of more the gain is nothing, and a closure holds up all others. */
const sharedMax = 16;

export function createIntake(contextOf: () => IntakeContext): Intake {
  /** What a further message of a room may still join. */
  const open = new Map<HostedRoom, Waiting[]>();

  async function writeTogether(hosted: HostedRoom, list: readonly Waiting[]): Promise<void> {
    const close = (): void => {
      if (open.get(hosted) === list) open.delete(hosted);
    };
    const context = contextOf();
    try {
      const taken = await context.database.transaction((tx) => {
        close();
        return accept(
          context,
          tx,
          hosted,
          list.map(({ taking }) => taking),
        );
      });
      for (const [index, { resolve }] of list.entries()) resolve(taken[index] ?? MOVED);
    } catch (error) {
      close();
      for (const one of list) {
        if (list.length === 1) one.reject(error);
        else one.resolve(writeAlone(context, one.taking));
      }
    }
  }

  return {
    take(taking) {
      const { hosted } = taking;
      if (taking.upTo !== undefined) return writeAlone(contextOf(), taking);
      return new Promise((resolve, reject) => {
        const waiting = { taking, resolve, reject };
        const list = open.get(hosted);
        if (list !== undefined && list.length < sharedMax) {
          list.push(waiting);
          return;
        }
        const fresh = [waiting];
        open.set(hosted, fresh);
        void writeTogether(hosted, fresh);
      });
    },
  };
}

async function writeAlone(context: IntakeContext, taking: Taking): Promise<Taken> {
  const [taken] = await context.database.transaction((tx) =>
    accept(context, tx, taking.hosted, [taking]),
  );
  return taken ?? MOVED;
}

/** All are of one room; one by which commits come to stand is alone. */
async function accept(
  context: IntakeContext,
  tx: Tx,
  hosted: HostedRoom,
  takings: readonly Taking[],
): Promise<readonly Taken[]> {
  const { store, env, rooms } = context;
  const head = await store.head(tx, hosted.id);
  if (head === undefined || hasMoved(hosted, head)) return takings.map(() => MOVED);
  const acceptedAt = env.now();
  const all: Taken[] = [];
  let end: LogPoint = head;
  for (const { key, submitted } of takings) {
    const answer = submitMessageResponseCodec.encode({
      status: "accepted",
      acceptedAt,
      position: end.position + 1,
      frank: undefined,
    });
    if (!(await store.keepAnswer(tx, key, answer, answerExpiry(acceptedAt)))) {
      all.push((await store.answer(tx, key)) ?? MOVED);
      continue;
    }
    const place = { hosted, after: end, acceptedAt, peers: hosted.peers };
    end = await appendMessage(context, tx, place, submitted);
    all.push(answer);
  }
  if (end === head) return all;
  const upTo = takings[0]?.upTo;
  if (upTo === undefined) {
    await store.moveHead(tx, hosted.id, end);
  } else {
    const next = settled(hosted, upTo);
    await store.settle(tx, hosted.id, upTo, { ...head, ...end, revision: next.revision });
    tx.afterCommit(() => rooms.put(next));
  }
  return all;
}
