import {
  type Bytes,
  type Cancel,
  clientFrameCodec,
  type Cursor,
  type Env,
  NetworkFault,
  paths,
  refusalOfFrame,
  Refusal,
  type RoomUri,
  type ServerFrame,
  isKnownServerFrame,
  serverFrameCodec,
  type SocketHandle,
  type TicketAnswer,
  ticketAnswerSchema,
} from "@treehouse/protocol";

import type { Api } from "./api.ts";

/** What a connection asks of whoever uses it. */
export interface ConnectionEvents {
  /** What to tell the server at the start: the incarnation known so far, and every cursor. */
  hello(): Promise<{
    readonly incarnation: Bytes | undefined;
    readonly cursors: readonly Cursor[];
  }>;
  /** With which of the copies of its store this client comes. */
  claim(): Promise<{ readonly marks: readonly string[]; readonly running: boolean }>;
  /** It was let in; nothing is opened before this is done. */
  taken(answer: TicketAnswer): Promise<void>;
  frame(frame: StreamFrame): void;
  changed(state: "offline" | "connecting" | "open"): void;
  /** The session is over; nothing is tried any more. */
  ended(refusal: Refusal): void;
}

/** Frames that carry the stream; answers to requests go to who asked. */
export type StreamFrame = Exclude<ServerFrame, { readonly type: "submitted" | "updated" }>;

/** One socket to the own server, opened again whenever it breaks, until `stop`. */
export interface Connection {
  start(): void;
  stop(): void;
  /** Breaks the socket and opens a new one: the stream begins again at the cursors. */
  restart(): void;
  open(): boolean;
  /** The stream got somewhere: the next break is answered quickly again. */
  settled(): void;
  /** Resolves with the octets of the answer. Rejects with `NetworkFault` when it never came. */
  request(type: "submit" | "update", room: RoomUri, request: Bytes): Promise<Bytes>;
  /** Does nothing while there is no socket: the cursors go out with the next hello. */
  acknowledge(cursors: readonly Cursor[]): void;
}

const firstDelayMs = 250;
/** Whoever lost the server a moment ago is back within seconds after it; later it may take longer. */
const delayMaxMs = { soon: 5_000, later: 30_000 };
/** About five minutes. */
const soonAttempts = 60;
const answerTimeoutMs = 30_000;

type Pending = {
  readonly resolve: (bytes: Bytes) => void;
  readonly reject: (error: unknown) => void;
  readonly cancel: Cancel;
};

export function createConnection(
  env: Pick<Env, "openSocket" | "timer" | "random">,
  api: Api,
  events: ConnectionEvents,
): Connection {
  let running = false;
  let socket: SocketHandle | undefined;
  let ready = false;
  let attempts = 0;
  let attempt = 0;
  let nextId = 1;
  let cancelRetry: Cancel | undefined;
  const pending = new Map<number, Pending>();

  const lose = (reason: string) => {
    socket = undefined;
    ready = false;
    const fault = new NetworkFault("broken", reason);
    for (const waiting of pending.values()) {
      waiting.cancel();
      waiting.reject(fault);
    }
    pending.clear();
    cancelRetry?.();
    if (!running) return;
    events.changed("offline");
    const most = attempts < soonAttempts ? delayMaxMs.soon : delayMaxMs.later;
    const delay = Math.min(most, firstDelayMs * 2 ** Math.min(attempts, 10));
    attempts += 1;
    // Full jitter keeps clients from coming back all at once after a restart of the server.
    const jitter = (env.random(1)[0] ?? 0) / 255;
    cancelRetry = env.timer(delay * (0.5 + jitter / 2), () => void connect());
  };

  const settle = (requestId: number, act: (waiting: Pending) => void) => {
    const waiting = pending.get(requestId);
    if (waiting === undefined) return;
    pending.delete(requestId);
    waiting.cancel();
    act(waiting);
  };

  const receive = (bytes: Bytes) => {
    if (!isKnownServerFrame(bytes)) return;
    const frame = serverFrameCodec.decode(bytes);
    switch (frame.type) {
      case "submitted":
      case "updated":
        settle(frame.requestId, (waiting) => waiting.resolve(frame.response));
        return;
      case "refused":
        if (frame.requestId === 0) events.frame(frame);
        else settle(frame.requestId, (waiting) => waiting.reject(refusalOfFrame(frame)));
        return;
      case "ready":
        ready = true;
        events.changed("open");
        events.frame(frame);
        return;
      case "entry":
      case "inboxEntry":
      case "caughtUp":
      case "gap":
      case "head":
      case "stopped":
        events.frame(frame);
    }
  };

  const connect = async () => {
    cancelRetry = undefined;
    attempt += 1;
    const mine = attempt;
    events.changed("connecting");
    try {
      const store = await events.claim();
      const answer = await api.json("POST", paths.tickets(), ticketAnswerSchema, { store });
      await events.taken(answer);
      const hello = await events.hello();
      if (!running || mine !== attempt) return;
      const url = api.server.replace(/^http/, "ws") + paths.stream(answer.ticket);
      socket = openWith(url, mine, hello);
    } catch (error) {
      if (!running || mine !== attempt) return;
      if (error instanceof Refusal && isOver(error)) {
        running = false;
        attempt += 1;
        events.changed("offline");
        events.ended(error);
        return;
      }
      lose(String(error));
    }
  };

  const openWith = (
    url: string,
    mine: number,
    hello: Awaited<ReturnType<ConnectionEvents["hello"]>>,
  ) => {
    const current = () => mine === attempt && running;
    const opened = env.openSocket(url, {
      opened() {
        if (current()) opened.send(clientFrameCodec.encode({ type: "hello", ...hello }));
      },
      message(bytes) {
        if (!current()) return;
        try {
          receive(bytes);
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          opened.close(1002, "a frame that does not decode");
        }
      },
      closed(_code, reason) {
        if (current()) lose(reason === "" ? "the connection closed" : reason);
      },
    });
    return opened;
  };

  return {
    start() {
      if (running) return;
      running = true;
      attempts = 0;
      void connect();
    },
    stop() {
      running = false;
      attempt += 1;
      const closing = socket;
      lose("the client was closed");
      closing?.close(1000, "bye");
    },
    restart() {
      attempt += 1;
      const closing = socket;
      lose("the stream begins again");
      closing?.close(1000, "again");
    },
    open: () => ready,
    settled() {
      attempts = 0;
    },
    request(type, room, request) {
      if (!ready || socket === undefined) {
        return Promise.reject(new NetworkFault("refused", "there is no connection to the server"));
      }
      const requestId = nextId;
      nextId = nextId === 0xffff_ffff ? 1 : nextId + 1;
      const answer = new Promise<Bytes>((resolve, reject) => {
        const cancel = env.timer(answerTimeoutMs, () => {
          settle(requestId, () => reject(new NetworkFault("timeout", "no answer in time")));
        });
        pending.set(requestId, { resolve, reject, cancel });
      });
      socket.send(clientFrameCodec.encode({ type, requestId, room, request }));
      return answer;
    },
    acknowledge(cursors) {
      if (!ready || socket === undefined) return;
      socket.send(clientFrameCodec.encode({ type: "acknowledge", cursors }));
    },
  };
}

function isOver(refusal: Refusal): boolean {
  const { code } = refusal;
  return code === "sessionEnded" || code === "notAuthenticated" || code === "storeCopied";
}
