import type {
  Bytes,
  ClientUri,
  RoomUri,
  StreamUri,
  TicketAnswer,
  TicketRequest,
} from "@treehouse/protocol";
import type { Session } from "../platform/index.ts";

/** What clients read; `queuing` meets it. */
export interface Streams {
  /** Names this uninterrupted life of the streams. */
  readonly incarnation: Bytes;
  /** Keeps what a client reads in memory until it is detached. */
  attach(client: ClientUri): Promise<StreamReader>;
}

/**
 * What one client reads. Answers are true for as long as nothing is awaited, and what changes them
 * is told at once (see `Realtime`), so that comparing and going live in one step misses nothing.
 */
export interface StreamReader {
  /** The streams that the client may read, the inbox first. */
  streams(): readonly StreamUri[];
  /**
   * Where a reader stands that has everything up to `from`, or up to its cursor if not given.
   * `behind`: there is something to read. `level`: what is appended next is to be pushed.
   * `waiting`: a Welcome must be acknowledged first. `none`: nothing will come.
   */
  standing(
    stream: StreamUri,
    from?: number,
  ): { readonly state: "behind" | "level" | "waiting" | "none"; readonly after: number };
  page(stream: StreamUri, from: number, limits: { readonly bytesMax: number }): Promise<StreamPage>;
  /** Refuses `aheadOfStream`; then no cursor is raised. */
  acknowledge(cursors: readonly { stream: StreamUri; position: number }[]): void;
  detach(): void;
}

export type StreamPage = {
  readonly items: readonly StreamPageItem[];
  /** A reader with this page has everything up to here. */
  readonly through: number;
};

export type StreamPageItem =
  | { readonly kind: "entry"; readonly position: number; readonly bytes: Uint8Array }
  | {
      readonly kind: "gap";
      readonly from: number;
      readonly to: number;
      readonly reason: "expired" | "overflow" | "restored" | "lost";
      /** With `restored`, in a room: the encoded `SignedHead` that declares it. */
      readonly head?: Bytes;
    };

/** Who takes what clients send; `delivery` meets it. Both answer after COMMIT or throw a refusal. */
export interface Submissions {
  submit(session: Session, room: RoomUri, request: Bytes): Promise<Bytes>;
  update(session: Session, room: RoomUri, request: Bytes): Promise<Bytes>;
}

/** Rooms of which nothing comes until an operator has looked; `delivery` meets it. */
export interface Stops {
  rooms(): Promise<readonly RoomUri[]>;
  /** Calls `run` after each commit that stopped a room. */
  onStopped(run: (room: RoomUri) => void): void;
}

/** Which copy of a client's store is let in; `authentication` meets it. */
export interface Stores {
  /** Refuses `storeCopied`. */
  takeStore(
    session: Session,
    claim: NonNullable<TicketRequest["store"]> & { readonly isConnected: boolean },
  ): Promise<Omit<TicketAnswer, "ticket" | "expiresAt">>;
}

/** Whose sessions end; `authentication` meets it. */
export interface Sessions {
  /** Calls `run` after each commit that ended a session. */
  onSessionEnded(run: (ended: { readonly id: string; readonly client: ClientUri }) => void): void;
}
