import { signedHeadCodec } from "@treehouse/protocol";
import type { Env, StreamUri } from "@treehouse/protocol";
import { errorFields } from "../platform/index.ts";
import { closeCodes, closeConnection } from "./close.ts";
import type { Connection } from "./connection.ts";
import type { LiveStreams } from "./live-streams.ts";
import type { Outbox } from "./outbox.ts";
import type { StreamPage, StreamReader } from "./ports.ts";
import { entryMessageLength, frameMessage, writeEntry } from "./wire.ts";

/** Brings connections up to date from the store and lets them go live, stream by stream. */
export interface CatchUp {
  /** Reads a stream from a position on, or from the client's cursor. */
  read(connection: Connection, stream: StreamUri, from: number | undefined): void;
  /** Takes everything that is live back to reading, since the socket cannot keep up. */
  fallBack(connection: Connection): void;
  /** Looks again at one stream, after what the client may read of it has changed. */
  review(connection: Connection, stream: StreamUri): void;
  /** Takes whoever is level with a stream back to reading: there is a hole to be told of. */
  reread(stream: StreamUri): void;
}

export interface CatchUpOptions {
  readonly env: Pick<Env, "log" | "metrics">;
  readonly live: LiveStreams;
  readonly outbox: Outbox;
}

/** Small enough that a slow socket holds little, large enough that a page is one cheap write. */
const pageBytes = 256 * 1024;

export function createCatchUp({ env, live, outbox }: CatchUpOptions): CatchUp {
  const fallbacks = env.metrics.counter(
    "treehouse_realtime_fallbacks_total",
    "Times a socket could not keep up and went back to reading from the store.",
  );

  /**
   * Going live happens in the same synchronous step as finding that nothing is left to read, and
   * whatever is appended afterwards is pushed: there is neither a hole nor an entry twice.
   */
  function settle(connection: Connection, reader: StreamReader): Unread | undefined {
    const { backlog } = connection;
    if (backlog === undefined) return undefined;
    for (const [stream, from] of backlog) {
      const { state, after } = reader.standing(stream, from);
      if (state === "behind") return { stream, after };
      backlog.delete(stream);
      if (state === "level") live.join(connection, stream, after);
      else park(connection, stream, after);
    }
    return undefined;
  }

  async function run(connection: Connection, reader: StreamReader): Promise<void> {
    for (;;) {
      await drained(connection);
      if (connection.closed) return;
      const unread = settle(connection, reader);
      if (unread === undefined) {
        // Said in the step that found nothing left, so that whoever adds to it begins anew.
        connection.catchingUp = false;
        connection.backlog = undefined;
        outbox.send(connection, frameMessage({ type: "caughtUp" }));
        return;
      }
      const { stream, after } = unread;
      connection.backlog?.set(stream, after);
      const page = await reader.page(stream, after, { bytesMax: pageBytes });
      if (connection.closed) return;
      // Meanwhile the stream may have been taken up anew, with another position.
      if (connection.backlog?.get(stream) !== after) continue;
      send(connection, stream, page);
      // To the end of the list, so that one long stream does not hold up the others; but whatever
      // the inbox has comes before everything else.
      if (stream !== connection.session.client) connection.backlog.delete(stream);
      connection.backlog.set(stream, page.through);
    }
  }

  function send(connection: Connection, stream: StreamUri, page: StreamPage): void {
    for (const message of pageMessages(stream, page)) outbox.send(connection, message);
    outbox.flush(connection);
  }

  async function runOnce(connection: Connection, reader: StreamReader): Promise<void> {
    if (connection.catchingUp) return;
    connection.catchingUp = true;
    try {
      await run(connection, reader);
    } catch (error) {
      env.log.error("catchUpFailed", errorFields(error));
      closeConnection(connection, closeCodes.internal);
    }
  }

  function read(connection: Connection, stream: StreamUri, from: number | undefined): void {
    const { reader } = connection;
    if (reader === undefined || connection.closed) return;
    connection.backlog ??= new Map();
    connection.backlog.set(stream, from);
    connection.parked?.delete(stream);
    void runOnce(connection, reader);
  }

  return {
    read,
    reread(stream) {
      const pushed = live.get(stream);
      if (pushed === undefined) return;
      const { position } = pushed;
      for (const connection of pushed.connections.slice()) {
        live.leave(connection, pushed);
        read(connection, stream, position);
      }
    },
    fallBack(connection) {
      if (connection.live.length === 0) return;
      fallbacks.add();
      for (const { name, position } of live.leaveAll(connection)) read(connection, name, position);
    },
    review(connection, stream) {
      const { reader } = connection;
      // The one who reads a stream looks again before each page.
      if (reader === undefined || connection.backlog?.has(stream) === true) return;
      const pushed = live.get(stream);
      if (pushed === undefined || !connection.live.includes(pushed)) {
        read(connection, stream, connection.parked?.get(stream));
        return;
      }
      const { state, after } = reader.standing(stream, pushed.position);
      if (state === "level") return;
      live.leave(connection, pushed);
      if (state === "behind") read(connection, stream, after);
      else park(connection, stream, pushed.position);
    },
  };
}

type Unread = { readonly stream: StreamUri; readonly after: number };

function park(connection: Connection, stream: StreamUri, position: number): void {
  connection.parked ??= new Map();
  connection.parked.set(stream, position);
}

/** Resolves when the socket takes more, or is closed. */
function drained(connection: Connection): Promise<void> | undefined {
  if (connection.closed || !connection.socket.writableNeedDrain) return undefined;
  return new Promise((resolve) => {
    connection.wake = () => {
      connection.wake = undefined;
      connection.socket.off("drain", wake);
      resolve();
    };
    const wake = connection.wake;
    connection.socket.once("drain", wake);
  });
}

/** The entries between two gaps in one buffer each. */
function pageMessages(stream: StreamUri, { items }: StreamPage): readonly Buffer[] {
  const messages: Buffer[] = [];
  let run: Uint8Array[] = [];
  const endRun = (): void => {
    if (run.length > 0) messages.push(joinEntries(stream, run));
    run = [];
  };
  for (const item of items) {
    if (item.kind === "entry") {
      run.push(item.bytes);
      continue;
    }
    endRun();
    const { from, to, head } = item;
    const reason = item.reason === "lost" ? "removed" : item.reason;
    // The proof first: a client takes a restore for one only by a head that the room's hub signed.
    if (head !== undefined) {
      messages.push(frameMessage({ type: "head", head: signedHeadCodec.decode(head) }));
    }
    messages.push(frameMessage({ type: "gap", stream, from, to, reason }));
  }
  endRun();
  return messages;
}

function joinEntries(stream: StreamUri, entries: readonly Uint8Array[]): Buffer {
  const length = entries.reduce((sum, entry) => sum + entryMessageLength(entry), 0);
  const joined = Buffer.allocUnsafe(length);
  let at = 0;
  for (const entry of entries) at = writeEntry(joined, at, stream, entry);
  return joined;
}
