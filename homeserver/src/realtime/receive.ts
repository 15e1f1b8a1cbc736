import {
  clientFrameCodec,
  equalBytes,
  isEphemeralRequest,
  LIMITS,
  RATE_LIMITS,
  Refusal,
} from "@treehouse/protocol";
import type { ClientFrame, Cursor, Env, StreamUri } from "@treehouse/protocol";
import { createRateLimiter, errorFields } from "../platform/index.ts";
import type { CatchUp } from "./catch-up.ts";
import { closeCodes, closeConnection } from "./close.ts";
import { pause, pauses, resume } from "./connection.ts";
import type { Connection } from "./connection.ts";
import type { Outbox } from "./outbox.ts";
import type { Stops, StreamReader, Streams, Submissions } from "./ports.ts";
import { frameMessage, refusedMessage } from "./wire.ts";

export interface ReceiverOptions {
  readonly env: Pick<Env, "monotonic" | "log" | "metrics">;
  readonly streams: Streams;
  readonly submissions: Submissions;
  readonly stops: Pick<Stops, "rooms">;
  readonly catchUp: CatchUp;
  readonly outbox: Outbox;
}

type SubmissionFrame = Extract<ClientFrame, { readonly type: "submit" | "update" }>;

/** Acts on one message of a client. Whatever its octets are, nothing is thrown. */
export type Receiver = (connection: Connection, message: Uint8Array) => void;

export function createReceiver(options: ReceiverOptions): Receiver {
  const { env, outbox } = options;
  const rates = {
    submit: createRateLimiter(env, RATE_LIMITS.messagePerClient, "messagePerClient"),
    update: createRateLimiter(env, RATE_LIMITS.updatePerClient, "updatePerClient"),
  };

  const ahead = env.metrics.counter(
    "treehouse_realtime_cursors_ahead_total",
    "Cursors beyond the end of a stream: data may have been put back without the restore command.",
  );

  function refuse(connection: Connection, requestId: number, error: unknown): void {
    let refusal = error;
    if (!(refusal instanceof Refusal)) {
      env.log.error("frameFailed", errorFields(error));
      refusal = new Refusal("internal", "The server failed.");
    }
    if (refusal instanceof Refusal) {
      outbox.send(connection, refusedMessage(requestId, refusal));
    }
  }

  /** The client does not speak this protocol: it is told so, and the socket ends. */
  function end(connection: Connection, refusal: Refusal): void {
    refuse(connection, 0, refusal);
    closeConnection(connection, closeCodes.protocolError);
  }

  async function submit(connection: Connection, frame: SubmissionFrame): Promise<void> {
    const { submissions } = options;
    const { session } = connection;
    connection.inFlight += 1;
    if (connection.inFlight >= LIMITS.submissionsInFlightMax) {
      pause(connection, pauses.submissions);
    }
    try {
      // Ephemeral messages have a rate of their own, which `Submissions` keeps.
      const ephemeral = frame.type === "submit" && isEphemeralRequest(frame.request);
      if (!ephemeral) rates[frame.type].take(session.client);
      const response = await submissions[frame.type](session, frame.room, frame.request);
      const type = frame.type === "submit" ? "submitted" : "updated";
      const { requestId } = frame;
      outbox.send(connection, frameMessage({ type, requestId, response }));
    } catch (error) {
      refuse(connection, frame.requestId, error);
    }
    connection.inFlight -= 1;
    if (connection.inFlight <= LIMITS.submissionsInFlightMax / 2) {
      resume(connection, pauses.submissions);
    }
  }

  async function greet(
    connection: Connection,
    hello: Extract<ClientFrame, { readonly type: "hello" }>,
  ): Promise<void> {
    const { streams, stops, catchUp } = options;
    const reader = await streams.attach(connection.session.client);
    if (connection.closed) {
      reader.detach();
      return;
    }
    connection.reader = reader;
    const { incarnation } = streams;
    outbox.send(connection, frameMessage({ type: "ready", incarnation }));
    const known = hello.incarnation !== undefined && equalBytes(hello.incarnation, incarnation);
    // Cursors of another life of the streams say nothing about this one.
    const positions = takeCursors(connection, reader, known ? hello.cursors : []);
    for (const stream of reader.streams()) catchUp.read(connection, stream, positions.get(stream));
    // One that is stopped from here on is told of by whoever stops it.
    const stopped = await stops.rooms();
    if (connection.closed) return;
    for (const room of stopped) {
      if (reader.streams().includes(room))
        outbox.send(connection, frameMessage({ type: "stopped", room }));
    }
  }

  /**
   * What the client has is what it says, also when that is less than it once acknowledged. One who
   * has more than there is reads from where this server knows it to be: after a restore the room
   * goes on behind everything that it ever had, and the client is told of that by a gap.
   */
  function takeCursors(
    connection: Connection,
    reader: StreamReader,
    cursors: readonly Cursor[],
  ): ReadonlyMap<StreamUri, number> {
    const positions = new Map<StreamUri, number>();
    for (const cursor of cursors) {
      try {
        reader.acknowledge([cursor]);
        positions.set(cursor.stream, cursor.position);
      } catch (error) {
        ahead.add();
        refuse(connection, 0, error);
      }
    }
    return positions;
  }

  function acknowledge(connection: Connection, cursors: readonly Cursor[]): void {
    try {
      connection.reader?.acknowledge(cursors);
    } catch (error) {
      refuse(connection, 0, error);
    }
  }

  async function greetOrClose(
    connection: Connection,
    hello: Extract<ClientFrame, { readonly type: "hello" }>,
  ): Promise<void> {
    try {
      await greet(connection, hello);
    } catch (error) {
      refuse(connection, 0, error);
      closeConnection(connection, closeCodes.internal);
    }
  }

  return (connection, message) => {
    if (connection.closed) return;
    connection.heardAt = env.monotonic();
    connection.pinged = false;
    const frame = decode(message);
    if (frame instanceof Refusal) {
      end(connection, frame);
    } else if (frame.type === "hello") {
      if (connection.greeted) {
        end(connection, new Refusal("malformed", "There is one hello, and it comes first."));
        return;
      }
      connection.greeted = true;
      void greetOrClose(connection, frame);
    } else if (!connection.greeted) {
      end(connection, new Refusal("malformed", "The first frame is a hello."));
    } else if (frame.type === "acknowledge") {
      acknowledge(connection, frame.cursors);
    } else {
      void submit(connection, frame);
    }
  };
}

/** The views that "sliced" gives are safe: a message's octets belong to it alone. */
function decode(message: Uint8Array): ClientFrame | Refusal {
  try {
    return clientFrameCodec.decode(message, "sliced");
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}
