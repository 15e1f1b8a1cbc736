import { ephemeralBatchCodec, LIMITS, Refusal, varintLength } from "@treehouse/protocol";
import type { Bytes, Domain } from "@treehouse/protocol";
import type { Asker } from "./ask.ts";
import type { FederationContext } from "../context.ts";

/** Ephemeral entries of rooms hosted here, for the servers that follow them (FED-861). */
export interface Ephemerals {
  /** Sent with whatever else of this turn goes to the peer, or never. */
  send(peer: Domain, entry: Bytes): void;
}

type Waiting = { readonly entry: Bytes; readonly since: number };

/** What goes to one peer. */
type Line = { waiting: Waiting[]; armed: boolean; isSending: boolean; pausedUntil: number };

/** Peers that are remembered while nothing goes to them. */
const linesMax = 10_000;
/** The answer is an octet, but a refusal says more. */
const answerBytesMax = 8 * 1024;

/**
 * Nothing is kept for later: one request to a peer is under way at a time, what comes meanwhile goes
 * with the next one, the oldest makes room, and whatever fails is forgotten with all that waits.
 */
export function createEphemerals(
  { env, metrics }: Pick<FederationContext, "env" | "metrics">,
  asker: Asker,
): Ephemerals {
  const lines = new Map<Domain, Line>();

  function lineTo(peer: Domain): Line {
    const known = lines.get(peer);
    if (known !== undefined) return known;
    if (lines.size >= linesMax) dropIdle();
    const line = { waiting: [], armed: false, isSending: false, pausedUntil: 0 };
    lines.set(peer, line);
    return line;
  }

  function dropIdle(): void {
    for (const [peer, { waiting, isSending, pausedUntil }] of lines) {
      const idle = waiting.length === 0 && !isSending && pausedUntil <= env.monotonic();
      if (idle || lines.size >= linesMax) lines.delete(peer);
      if (lines.size < linesMax / 2) return;
    }
  }

  function arm(peer: Domain, line: Line): void {
    if (line.armed || line.isSending || line.waiting.length === 0) return;
    line.armed = true;
    env.soon(() => {
      line.armed = false;
      void flush(peer, line);
    });
  }

  async function flush(peer: Domain, line: Line): Promise<void> {
    const entries = take(line, env.monotonic() - LIMITS.ephemeralWaitMs);
    if (entries.length === 0) return;
    line.isSending = true;
    try {
      const body = ephemeralBatchCodec.encode({ entries });
      await asker.askNow(peer, { endpoint: "ephemeral", body, answerBytesMax });
      metrics.ephemerals.add(entries.length, { outcome: "sent" });
    } catch (error) {
      metrics.ephemerals.add(entries.length + line.waiting.length, { outcome: "dropped" });
      line.waiting = [];
      line.pausedUntil = env.monotonic() + pauseAfter(error);
    }
    line.isSending = false;
    arm(peer, line);
  }

  return {
    send(peer, entry) {
      const line = lineTo(peer);
      const since = env.monotonic();
      if (line.pausedUntil > since) {
        metrics.ephemerals.add(1, { outcome: "dropped" });
        return;
      }
      if (line.waiting.length >= LIMITS.ephemeralWaitingPerPeerMax) {
        line.waiting.shift();
        metrics.ephemerals.add(1, { outcome: "dropped" });
      }
      line.waiting.push({ entry, since });
      arm(peer, line);
    },
  };
}

/** The next entries, as many as fit; those that waited too long are left out. */
function take(line: Line, notBefore: number): readonly Bytes[] {
  const fresh = line.waiting.filter(({ since }) => since >= notBefore);
  const entries: Bytes[] = [];
  let bytes = 0;
  for (const { entry } of fresh) {
    bytes += varintLength(entry.length) + entry.length;
    const full = entries.length === LIMITS.ephemeralBatchItemsMax;
    if (full || bytes > LIMITS.ephemeralBatchBytesMax) break;
    entries.push(entry);
  }
  line.waiting = fresh.slice(entries.length);
  return entries;
}

const shortPauseMs = 1_000;

/** A server that knows no such thing is left alone for long; any other until it is there again. */
function pauseAfter(error: unknown): number {
  const cause = error instanceof Refusal && error.cause instanceof Refusal ? error.cause : error;
  if (!(cause instanceof Refusal)) return shortPauseMs;
  if (cause.code === "notFound" || cause.code === "methodNotAllowed") {
    return LIMITS.ephemeralPauseMs;
  }
  return cause.data.retryAfterMs ?? shortPauseMs;
}
