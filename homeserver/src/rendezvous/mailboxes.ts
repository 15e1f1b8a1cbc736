import {
  equalBytes,
  Refusal,
  RENDEZVOUS_LIMITS,
  sha256,
  toBase64Url,
  utf8Encode,
} from "@treehouse/protocol";
import { networksOf } from "../platform/index.ts";
import type { Bytes, Env, RendezvousEnd, UserUri } from "@treehouse/protocol";

export type OpenedMailbox = {
  readonly mailbox: string;
  readonly key: string;
  readonly expiresAt: number;
};

/** One step of one side: what it says, and the number of the message that it waits for. */
export type Turn = {
  readonly put: { readonly at: number; readonly message: Bytes } | undefined;
  readonly awaits: number;
  readonly close: RendezvousEnd | undefined;
};

/** Neither: nothing has come within the time that a question waits. */
export type Turned = {
  readonly message?: Bytes | undefined;
  readonly closed?: RendezvousEnd | undefined;
};

/**
 * Where two clients of a user meet that know nothing of each other but a code. In memory only: a
 * restart ends them, and the people begin again. Messages take turns, each is written once, and the
 * approving side begins, so that who has no session can put nothing here that nobody asked for.
 */
export interface Mailboxes {
  /** Refuses `rateLimited` when there are as many as there may be, here or from networks of the address. */
  open(user: UserUri, address: string): OpenedMailbox;
  /** The side that has opened it. Refuses `notFound`, `conflict` and `limitExceeded`. */
  joining(mailbox: string, key: string, turn: Turn): Promise<Turned>;
  /** A client of the user. Refuses the same. */
  approving(mailbox: string, user: UserUri, turn: Turn): Promise<Turned>;
  /** Answers everybody who waits. */
  stop(): void;
}

type Side = "joining" | "approving";

type Mailbox = {
  readonly user: UserUri;
  /** From where it was opened. */
  readonly networks: readonly string[];
  readonly keyHash: Bytes;
  /** By the monotonic clock. */
  readonly until: number;
  readonly messages: Bytes[];
  readonly waiting: Map<Side, () => void>;
  closed: RendezvousEnd | undefined;
};

const { rendezvousLifetimeMs, rendezvousMax, rendezvousPerNetworkMax, rendezvousWaitMs } =
  RENDEZVOUS_LIMITS;
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const nameLength = 4;

export function createMailboxes(
  env: Pick<Env, "now" | "monotonic" | "random" | "timer">,
): Mailboxes {
  /** In the order of their end, for all live equally long. */
  const open = new Map<string, Mailbox>();
  let stopped = false;

  const forgetOld = (): void => {
    for (const [name, { until }] of open) {
      if (until > env.monotonic()) return;
      open.delete(name);
    }
  };
  const find = (name: string): Mailbox => {
    const found = open.get(name);
    if (found === undefined || found.until <= env.monotonic()) throw nothingHere();
    return found;
  };
  const freeName = (): string => {
    for (;;) {
      const name = [...env.random(nameLength)].map((octet) => alphabet[octet % 32]).join("");
      if (!open.has(name)) return name;
    }
  };
  const news = (mailbox: Mailbox, side: Side): Promise<void> =>
    new Promise((resolve) => {
      // A side that asks anew lets go of the question before.
      mailbox.waiting.get(side)?.();
      const waitMs = Math.min(rendezvousWaitMs, mailbox.until - env.monotonic());
      const finish = () => {
        cancel();
        if (mailbox.waiting.get(side) === finish) mailbox.waiting.delete(side);
        resolve();
      };
      const cancel = env.timer(waitMs, finish);
      mailbox.waiting.set(side, finish);
    });
  const take = async (mailbox: Mailbox, side: Side, turn: Turn): Promise<Turned> => {
    if (mailbox.closed === undefined && turn.put !== undefined) write(mailbox, side, turn.put);
    if (mailbox.closed === undefined && turn.close !== undefined) end(mailbox, turn.close);
    const answer = (): Turned => ({
      message: mailbox.messages[turn.awaits],
      closed: mailbox.closed,
    });
    const now = answer();
    if (now.message !== undefined || now.closed !== undefined || stopped) return now;
    await news(mailbox, side);
    return answer();
  };

  return {
    open(user, address) {
      forgetOld();
      const networks = networksOf(address);
      for (const [width, network] of networks.entries()) {
        const theirs = [...open.values()].filter((one) => one.networks.includes(network));
        const limit = rendezvousPerNetworkMax * 2 ** width;
        const [first] = theirs;
        if (theirs.length < limit || first === undefined) continue;
        throw new Refusal("rateLimited", "too many new clients of this network wait for approval", {
          retryAfterMs: Math.ceil(first.until - env.monotonic()),
          limitName: "rendezvousPerNetworkMax",
          limit,
        });
      }
      const [eldest] = open.values();
      if (open.size >= rendezvousMax && eldest !== undefined) {
        throw new Refusal("rateLimited", "too many new clients wait for approval", {
          retryAfterMs: Math.ceil(eldest.until - env.monotonic()),
          limitName: "rendezvousMax",
          limit: rendezvousMax,
        });
      }
      const name = freeName();
      const key = toBase64Url(env.random(32));
      const until = env.monotonic() + rendezvousLifetimeMs;
      const keyHash = hashOf(key);
      open.set(name, {
        user,
        networks,
        keyHash,
        until,
        messages: [],
        waiting: new Map(),
        closed: undefined,
      });
      return { mailbox: name, key, expiresAt: env.now() + rendezvousLifetimeMs };
    },
    async joining(name, key, turn) {
      const mailbox = find(name);
      if (!equalBytes(mailbox.keyHash, hashOf(key))) throw nothingHere();
      return take(mailbox, "joining", turn);
    },
    async approving(name, user, turn) {
      const mailbox = find(name);
      if (mailbox.user !== user) throw nothingHere();
      return take(mailbox, "approving", turn);
    },
    stop() {
      stopped = true;
      for (const mailbox of open.values()) wake(mailbox);
    },
  };
}

/** Each message is written once, by the side whose turn it is; the same one again changes nothing. */
function write(
  mailbox: Mailbox,
  side: Side,
  { at, message }: { readonly at: number; readonly message: Bytes },
): void {
  const { messages } = mailbox;
  const known = messages[at];
  if (known !== undefined && equalBytes(known, message)) return;
  const isTurn = at === messages.length && (at % 2 === 0) === (side === "approving");
  if (!isTurn) throw new Refusal("conflict", "this message was written already, or has its time");
  const { rendezvousBytesMax, rendezvousMessagesMax } = RENDEZVOUS_LIMITS;
  const length = messages.reduce((sum, one) => sum + one.length, message.length);
  if (messages.length >= rendezvousMessagesMax) throw tooMuch("rendezvousMessagesMax");
  if (length > rendezvousBytesMax) throw tooMuch("rendezvousBytesMax");
  messages.push(message);
  wake(mailbox);
}

/** What was said goes at once; why it is over is told for as long as the mailbox would have lived. */
function end(mailbox: Mailbox, reason: RendezvousEnd): void {
  mailbox.closed = reason;
  mailbox.messages.length = 0;
  wake(mailbox);
}

function wake({ waiting }: Mailbox): void {
  for (const finish of waiting.values()) finish();
}

function hashOf(key: string): Bytes {
  return sha256(utf8Encode(key));
}

function tooMuch(limitName: "rendezvousMessagesMax" | "rendezvousBytesMax"): Refusal {
  const limit = RENDEZVOUS_LIMITS[limitName];
  return new Refusal("limitExceeded", "too much in one mailbox", { limitName, limit });
}

function nothingHere(): Refusal {
  return new Refusal("notFound", "nobody waits under this code: it is over, or mistyped");
}
