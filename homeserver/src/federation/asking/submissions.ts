import {
  type Bytes,
  type Domain,
  isEphemeralRequest,
  type LimitName,
  LIMITS,
  NetworkFault,
  Refusal,
  refusalOfSubmission,
  type RoomUri,
  type Submission,
  type SubmissionAnswer,
  submissionAnswersCodec,
  submissionBatchCodec,
  varintLength,
} from "@treehouse/protocol";
import { type Asker, forClient, unreachable } from "./ask.ts";
import type { FederationContext } from "../context.ts";
import { Flight } from "../outgoing/index.ts";
import type { Caller } from "../ports.ts";

/** Sends messages of own clients to the hubs of their rooms (FED-925). */
export interface Submissions {
  submit(hub: Domain, caller: Caller, room: RoomUri, request: Bytes): Promise<Bytes>;
}

/** A message that is not answered yet. */
type Waiting = {
  readonly submission: Submission;
  readonly length: number;
  readonly since: number;
  readonly ephemeral: boolean;
  resolve(response: Bytes): void;
  reject(error: unknown): void;
};

/** What goes to one hub. */
type Line = {
  waiting: Waiting[];
  bytes: number;
  readonly flight: Flight;
  /** Ephemeral messages among those that are not answered. */
  ephemerals: number;
  armed: boolean;
};

/** Hubs beyond which those to which nothing is on its way are forgotten. */
const linesMax = 1_000;
/** How long one waits, so that it is answered before its client gives up after 30 s. */
const waitMostMs = 8_000;

/**
 * Gathers what is submitted in one turn of the event loop, and while a batch is on its way to a hub that
 * answers soon, into the next batch, in the order in which it came.
 */
export function createSubmissions(
  { env, metrics }: Pick<FederationContext, "env" | "metrics">,
  asker: Asker,
): Submissions {
  const lines = new Map<Domain, Line>();

  function lineTo(hub: Domain): Line {
    const known = lines.get(hub);
    if (known !== undefined) return known;
    if (lines.size >= linesMax) forgetIdle(lines);
    const flight = new Flight(env, () => arm(hub, line));
    const line: Line = { waiting: [], bytes: 0, flight, ephemerals: 0, armed: false };
    lines.set(hub, line);
    return line;
  }

  function arm(hub: Domain, line: Line): void {
    if (line.armed) return;
    line.armed = true;
    env.soon(() => {
      line.armed = false;
      while (line.waiting.length > 0 && line.flight.admits(line.waiting.length)) {
        const batch = takeBatch(line, env.monotonic());
        if (batch.length > 0) void send(hub, line, batch);
      }
    });
  }

  async function send(hub: Domain, line: Line, batch: readonly Waiting[]): Promise<void> {
    line.flight.left(batch.length);
    metrics.submissions.add(batch.length);
    try {
      const body = submissionBatchCodec.encode({ items: batch.map((each) => each.submission) });
      const question = { endpoint: "submitMessage", body, answerBytesMax } as const;
      const answers = readAnswers(await asker.askNow(hub, question), batch.length);
      for (const [index, { resolve, reject }] of batch.entries()) {
        const answer = answers[index];
        if (answer?.status === "answered") resolve(answer.response);
        else reject(answer === undefined ? unreachable(0) : forClient(refusalOfSubmission(answer)));
      }
    } catch (error) {
      for (const { reject } of batch) reject(forClient(error));
    }
    line.flight.ended();
    arm(hub, line);
  }

  return {
    async submit(hub, { client }, room, request) {
      checkLength(request);
      asker.check(hub);
      const line = lineTo(hub);
      const length = lengthOf(room) + lengthOf(client) + lengthOf(request);
      checkRoom(line, length);
      const ephemeral = isEphemeralRequest(request);
      if (ephemeral) checkEphemerals(line);
      const answer = new Promise<Bytes>((resolve, reject) => {
        const submission = { room, client, request };
        const since = env.monotonic();
        line.waiting.push({ submission, length, since, ephemeral, resolve, reject });
        line.bytes += length;
        arm(hub, line);
      });
      if (!ephemeral) return answer;
      line.ephemerals += 1;
      return answer.finally(() => {
        line.ephemerals -= 1;
      });
    },
  };
}

function forgetIdle(lines: Map<Domain, Line>): void {
  for (const [hub, { waiting, flight, ephemerals }] of lines) {
    if (waiting.length === 0 && flight.count === 0 && ephemerals === 0) lines.delete(hub);
  }
}

/** The next messages, as many as fit; those that waited too long are refused. */
function takeBatch(line: Line, now: number): readonly Waiting[] {
  const batch: Waiting[] = [];
  let count = 0;
  let bytes = 0;
  for (const each of line.waiting) {
    if (batch.length === LIMITS.batchItemsMax || bytes + each.length > LIMITS.batchBytesMax) break;
    count += 1;
    line.bytes -= each.length;
    if (now - each.since > (each.ephemeral ? LIMITS.ephemeralWaitMs : waitMostMs)) {
      each.reject(unreachable(1_000));
    } else {
      bytes += each.length;
      batch.push(each);
    }
  }
  line.waiting = line.waiting.slice(count);
  return batch;
}

function lengthOf({ length }: { readonly length: number }): number {
  return varintLength(length) + length;
}

/** An answer holds a response of at most 1 KiB, or a code with its explanation. */
const answerBytesMax = 1 + 4 + LIMITS.batchItemsMax * (LIMITS.descriptionBytesMax + 128);

function readAnswers(bytes: Bytes, count: number): readonly SubmissionAnswer[] {
  try {
    const { answers } = submissionAnswersCodec.decode(bytes);
    if (answers.length === count) return answers;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
  throw new NetworkFault("broken", "The answer is none to this batch.");
}

/** A longer one could not be carried, and would be refused by its hub. */
function checkLength(request: Bytes): void {
  if (request.length === 0) throw new Refusal("malformed", "The request is empty.");
  if (request.length <= LIMITS.submissionBytesMax) return;
  throw new Refusal("tooLarge", "The message is too large.", {
    limitName: "applicationMessageBytesMax",
    limit: LIMITS.applicationMessageBytesMax,
  });
}

function checkRoom({ waiting, bytes }: Line, length: number): void {
  const full = overfull(waiting.length + 1, "submissionsWaitingPerPeerMax");
  const large = overfull(bytes + length, "submissionsWaitingBytesPerPeerMax");
  const over = full ?? large;
  if (over === undefined) return;
  const data = { retryAfterMs: 1_000, limitName: over, limit: LIMITS[over] };
  throw new Refusal("peerUnreachable", "Too many messages wait for the other server.", data);
}

/** What passes must not take the place of what stays. */
function checkEphemerals({ ephemerals }: Line): void {
  const over = overfull(ephemerals + 1, "ephemeralSubmissionsPerPeerMax");
  if (over === undefined) return;
  const data = { retryAfterMs: 1_000, limitName: over, limit: LIMITS[over] };
  throw new Refusal("peerUnreachable", "Too much passes to the other server.", data);
}

function overfull<N extends LimitName>(count: number, limitName: N): N | undefined {
  return count > LIMITS[limitName] ? limitName : undefined;
}
