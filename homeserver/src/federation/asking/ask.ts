import {
  type Bytes,
  type Domain,
  type EndpointName,
  LIMITS,
  mintTransactionId,
  NetworkFault,
  Refusal,
  type RefusalCode,
} from "@treehouse/protocol";
import type { FederationContext } from "../context.ts";
import type { PeerCall } from "../ports.ts";
import { Patience } from "../patience.ts";
import { Reach } from "../outgoing/index.ts";
import { Slots } from "./slots.ts";

export type Question = Omit<PeerCall, "timeoutMs">;

/** Asks peers on behalf of clients that wait for the answer. */
export interface Asker {
  /**
   * Resolves with the peer's answer. Refuses what the peer refused if that is about the request
   * itself, `peerDenied`, and otherwise `peerUnreachable` with the time after which to try again
   * (FED-934).
   */
  ask(peer: Domain, question: Question): Promise<Bytes>;
  /**
   * The same at once, whatever else is being asked, and once more when there is no answer in the time in
   * which this peer usually gives one.
   */
  askNow(peer: Domain, question: Question): Promise<Bytes>;
  /** Throws what `ask` would throw without sending anything. */
  check(peer: Domain): void;
  /** Something was heard of the peer: it may be worth asking again. */
  encourage(peer: Domain): void;
  /** The rules of the operator have changed. */
  encourageAll(): void;
  /** The stream's pump has found that the peer cannot be reached, or that it can. */
  found(peer: Domain, reachable: boolean): void;
  close(): void;
}

/** Requests to one peer at once; batches come on top of them. */
const atOnceMax = 4;
/** How often a request is sent whose connection broke. */
const triesMax = 3;
const retryAfterMs = 1_000;
/** Ways to peers that are remembered while nothing is asked. */
const waysMax = 10_000;

type Way = { readonly reach: Reach; readonly slots: Slots; readonly patience: Patience };

export function createAsker(
  context: Pick<FederationContext, "env" | "peers" | "metrics">,
  onAnswered: (peer: Domain) => void,
): Asker {
  const { env, peers, metrics } = context;
  const ways = new Map<Domain, Way>();

  function wayTo(peer: Domain): Way {
    const known = ways.get(peer);
    if (known !== undefined) return known;
    if (ways.size >= waysMax) dropIdle();
    const way = {
      reach: new Reach(env, () => {}),
      slots: new Slots(atOnceMax, LIMITS.requestsWaitingPerPeerMax),
      patience: new Patience(),
    };
    ways.set(peer, way);
    return way;
  }

  function dropIdle(): void {
    for (const [peer, { reach, slots }] of ways) {
      if (!slots.isIdle) continue;
      reach.close();
      ways.delete(peer);
    }
  }

  function check(peer: Domain): Way {
    try {
      peers.admit(peer);
    } catch (error) {
      throw forClient(error);
    }
    const way = wayTo(peer);
    if (way.reach.isWaiting) throw unreachable(way.reach.waitMs);
    return way;
  }

  async function perform(
    peer: Domain,
    question: Question,
    run: (way: Way) => Promise<Bytes>,
  ): Promise<Bytes> {
    const { endpoint } = question;
    try {
      const answer = await run(check(peer));
      metrics.requests.add(1, { endpoint, outcome: "answered" });
      return answer;
    } catch (error) {
      const refusal = forClient(error, endpoint);
      const outcome = refusal instanceof Refusal ? refusal.code : "failed";
      metrics.requests.add(1, { endpoint, outcome });
      throw refusal;
    }
  }

  const deadline = (): number => env.monotonic() + LIMITS.peerTimeoutMs;

  async function send(
    peer: Domain,
    { reach, patience }: Way,
    question: Question,
    until: number,
    isImpatient: boolean,
  ): Promise<Bytes> {
    const transactionId = question.transactionId ?? mintTransactionId(env.random);
    for (let tries = 1; ; tries += 1) {
      const from = env.monotonic();
      const leftMs = Math.ceil(until - from);
      if (leftMs <= 0) throw unreachable(retryAfterMs);
      const soonMs = patience.msFor(question.body.length);
      const isShort = isImpatient && tries === 1 && soonMs < leftMs;
      const timeoutMs = isShort ? soonMs : leftMs;
      try {
        const answer = await peers.post(peer, { ...question, transactionId, timeoutMs });
        if (isImpatient) patience.answered(env.monotonic() - from);
        reach.succeeded();
        onAnswered(peer);
        return answer;
      } catch (error) {
        if (!(error instanceof NetworkFault)) {
          // Whatever it says, the peer is there.
          if (isOfPeer(error)) reach.succeeded();
          throw error;
        }
        // Nobody knows what became of it: the same octets go again under the same id (FED-936).
        const isOver = error.reason === "timeout" && !isShort;
        if (tries === triesMax || isOver || reach.isWaiting) {
          if (!reach.isWaiting) reach.failed({ unreached: true });
          throw error;
        }
        await pause(tries);
      }
    }
  }

  function pause(tries: number): Promise<void> {
    const [octet = 0] = env.random(1);
    const ms = LIMITS.retryFirstMs * tries * (octet / 256);
    return new Promise((resolve) => env.timer(ms, resolve));
  }

  return {
    ask: (peer, question) =>
      perform(peer, question, (way) => {
        if (way.slots.isFull) throw tooMany();
        const until = deadline();
        return way.slots.use(() => send(peer, way, question, until, false));
      }),
    askNow: (peer, question) =>
      perform(peer, question, (way) => send(peer, way, question, deadline(), true)),
    check: (peer) => void check(peer),
    encourage: (peer) => ways.get(peer)?.reach.encouraged(),
    encourageAll() {
      for (const { reach } of ways.values()) reach.encouraged();
    },
    found(peer, reachable) {
      if (reachable) {
        ways.get(peer)?.reach.succeeded();
        return;
      }
      const { reach } = wayTo(peer);
      if (!reach.isWaiting) reach.failed({ unreached: true });
    },
    close() {
      for (const { reach } of ways.values()) reach.close();
    },
  };
}

/** What one server refuses another on the way; it is not the client's affair (FED-934). */
const betweenServers: readonly RefusalCode[] = [
  "digestMismatch",
  "internal",
  "methodNotAllowed",
  "misdirected",
  "notAuthenticated",
  "notFound",
  "peerKeyChanged",
  "peerLimited",
  "peerUnknown",
  "replayed",
  "sessionEnded",
  "signatureInvalid",
  "unsupportedMediaType",
  "versionUnsupported",
];

/** Where some of these are what a hub says of the request itself, or of the room's rules. */
const ofTheRequest: Partial<Record<EndpointName, RefusalCode>> = {
  asset: "notFound",
  groupInfo: "versionUnsupported",
  // FED-927: it will never be there again, and the client comes in by a commit of its own.
  tree: "notFound",
  // FED-730: the room's rules are newer than a server or a client.
  update: "versionUnsupported",
};

/** What a client is told of a failed request to another server. */
export function forClient(error: unknown, endpoint?: EndpointName): unknown {
  if (error instanceof NetworkFault) return unreachable(retryAfterMs, error);
  if (!(error instanceof Refusal)) return error;
  const { code, data }: Refusal = error;
  if (!betweenServers.includes(code)) return error;
  if (endpoint !== undefined && ofTheRequest[endpoint] === code) return error;
  return unreachable(data.retryAfterMs ?? retryAfterMs, error);
}

/** Refusals with which this server itself may have stopped a request before it was sent. */
const perhapsOurs: readonly RefusalCode[] = [
  "peerDenied",
  "peerKeyChanged",
  "peerLimited",
  "peerUnknown",
  "peerUnreachable",
  "versionUnsupported",
];

/** A refusal that can only have come from the other side. */
function isOfPeer(error: unknown): boolean {
  return error instanceof Refusal && !perhapsOurs.includes(error.code);
}

export function unreachable(waitMs: number, cause?: unknown): Refusal {
  const data = { retryAfterMs: Math.max(1, Math.ceil(waitMs)) };
  return new Refusal("peerUnreachable", "The other server cannot be reached now.", data, { cause });
}

function tooMany(): Refusal {
  return new Refusal("peerUnreachable", "Too many requests wait for the other server.", {
    retryAfterMs,
    limitName: "requestsWaitingPerPeerMax",
    limit: LIMITS.requestsWaitingPerPeerMax,
  });
}
