import type { Duplex } from "node:stream";
import type { StreamUri } from "@treehouse/protocol";
import type { WebSocket } from "ws";
import type { Session } from "../platform/index.ts";
import type { LiveStream } from "./live-streams.ts";
import type { StreamReader } from "./ports.ts";

/**
 * One client's socket. Thousands of them idle at once, so that everything which only a busy
 * connection needs is absent from an idle one.
 */
export class Connection {
  readonly webSocket: WebSocket;
  readonly socket: Duplex;
  readonly session: Session;
  /** When it was opened and when something last came from it, on the monotonic clock. */
  readonly openedAt: number;
  heardAt: number;
  pinged = false;
  /**
   * When the client is to connect again, on the monotonic clock: after half of what was left of its
   * session, since using a session prolongs it and a socket does so only when it is opened.
   */
  readonly renewAt: number;
  /** Set as soon as nothing more may be sent: check it after each await. */
  closed = false;
  /** Set by the hello; `reader` follows once what the client reads is in memory. */
  greeted = false;
  reader: StreamReader | undefined;
  /** Streams whose new entries are pushed to this connection. */
  live: LiveStream[] = [];
  /** Streams that are read from the store, and up to where this connection has them. */
  backlog: Map<StreamUri, number | undefined> | undefined;
  /** Where this connection stopped in streams that are neither live nor read, if it ever did. */
  parked: Map<StreamUri, number> | undefined;
  catchingUp = false;
  /** Messages for the next write. */
  outgoing: Buffer[] = [];
  /** Among those that are written at the end of this turn. */
  queued = false;
  /** Submissions that are not answered. */
  inFlight = 0;
  /** Why nothing is read from the socket just now, as bits of `pauses`. */
  paused = 0;
  /** Continues whoever waits for the socket to take more. */
  wake: (() => void) | undefined;

  constructor(
    webSocket: WebSocket,
    socket: Duplex,
    session: Session,
    times: { readonly monotonic: number; readonly now: number },
  ) {
    this.webSocket = webSocket;
    this.socket = socket;
    this.session = session;
    this.openedAt = times.monotonic;
    this.heardAt = times.monotonic;
    this.renewAt = times.monotonic + (session.expiresAt - times.now) / 2;
  }
}

/** Reasons to leave what a client sends in the kernel until later. */
export const pauses = { submissions: 1, slow: 2 } as const;

type Pause = (typeof pauses)[keyof typeof pauses];

/** Answers whether this reason is a new one. */
export function pause(connection: Connection, reason: Pause): boolean {
  if ((connection.paused & reason) !== 0) return false;
  if (connection.paused === 0) connection.webSocket.pause();
  connection.paused |= reason;
  return true;
}

export function resume(connection: Connection, reason: Pause): void {
  if ((connection.paused & reason) === 0) return;
  connection.paused &= ~reason;
  if (connection.paused === 0) connection.webSocket.resume();
}
