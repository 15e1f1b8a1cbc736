import {
  clientFrameCodec,
  entriesPageCodec,
  acknowledgementCodec,
  MEDIA_TYPE_JSON,
  MEDIA_TYPE_TLS,
  parseProblem,
  paths,
  serverFrameCodec,
  subscriptionsAnswerSchema,
  ticketAnswerSchema,
  utf8Encode,
} from "@treehouse/protocol";
import type {
  Bytes,
  ClientFrame,
  ClientUri,
  Cursor,
  EntriesPage,
  Refusal,
  ServerFrame,
  StreamUri,
} from "@treehouse/protocol";
import { WebSocket } from "ws";

/** One device with a session, as the server sees it. */
export class Device {
  readonly client: ClientUri;
  readonly url: string;
  readonly token: string;

  constructor(url: string, client: ClientUri, token: string) {
    this.url = url;
    this.client = client;
    this.token = token;
  }

  async ticket(): Promise<string> {
    const answer = await this.#ask(paths.tickets(), {
      method: "POST",
      headers: { "content-type": MEDIA_TYPE_JSON },
      body: utf8Encode("{}"),
    });
    if (answer instanceof Error) throw answer;
    return ticketAnswerSchema.parse(JSON.parse(new TextDecoder().decode(answer))).ticket;
  }

  /** A page, or the refusal. */
  async entries(
    stream: StreamUri,
    query: { after: number; limit: number },
  ): Promise<EntriesPage | Refusal> {
    const answer = await this.#ask(paths.entries(stream, query), { method: "GET" });
    return answer instanceof Error ? answer : entriesPageCodec.decode(answer);
  }

  async subscriptions() {
    const answer = await this.#ask(paths.subscriptions(), { method: "GET" });
    if (answer instanceof Error) throw answer;
    return subscriptionsAnswerSchema.parse(JSON.parse(new TextDecoder().decode(answer)));
  }

  async acknowledge(cursors: readonly Cursor[]): Promise<Refusal | undefined> {
    const answer = await this.#ask(paths.acknowledgements(), {
      method: "POST",
      headers: { "content-type": MEDIA_TYPE_TLS },
      body: acknowledgementCodec.encode(cursors),
    });
    return answer instanceof Error ? answer : undefined;
  }

  /** Opens a socket, says hello and waits for `ready`. */
  async connect(cursors: readonly Cursor[] = [], incarnation?: Bytes): Promise<Socket> {
    const socket = await Socket.open(this.url, await this.ticket());
    socket.send({ type: "hello", incarnation, cursors });
    await socket.until((frames) => frames.some(({ type }) => type === "ready"));
    return socket;
  }

  async #ask(
    path: string,
    options: { method: string; headers?: Record<string, string>; body?: Bytes },
  ): Promise<Bytes | Refusal> {
    const response = await fetch(new URL(path, this.url), {
      ...options,
      headers: { ...options.headers, authorization: `Bearer ${this.token}` },
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (response.ok) return bytes;
    const problem = parseProblem(JSON.parse(new TextDecoder().decode(bytes)));
    if (problem === undefined) throw new Error(`status ${response.status} without a problem`);
    return problem;
  }
}

export type Ending = { readonly code: number; readonly reason: string };

/** A client's socket that keeps everything it was sent. */
export class Socket {
  readonly frames: ServerFrame[] = [];
  /** The octets of the frames, in the same order. */
  readonly messages: Uint8Array[] = [];
  readonly raw: WebSocket;
  readonly ended: Promise<Ending>;
  #wake: (() => void)[] = [];
  #ending: Ending | undefined;

  constructor(raw: WebSocket) {
    this.raw = raw;
    raw.on("message", (data: Buffer) => {
      this.messages.push(data);
      this.frames.push(serverFrameCodec.decode(data));
      this.#changed();
    });
    raw.on("error", () => undefined);
    this.ended = new Promise((resolve) => {
      raw.on("close", (code, reason) => {
        this.#ending = { code, reason: reason.toString() };
        this.#changed();
        resolve(this.#ending);
      });
    });
  }

  static async open(url: string, ticket: string, options = {}): Promise<Socket> {
    const raw = new WebSocket(new URL(paths.stream(ticket), url.replace("http", "ws")), options);
    const socket = new Socket(raw);
    await new Promise<void>((resolve, reject) => {
      raw.once("open", resolve);
      raw.once("error", reject);
    });
    return socket;
  }

  send(frame: ClientFrame): void {
    this.raw.send(clientFrameCodec.encode(frame));
  }

  /** Resolves when what arrived satisfies the condition; rejects if the socket ends before. */
  async until(condition: (frames: readonly ServerFrame[]) => boolean): Promise<void> {
    while (!condition(this.frames)) {
      if (this.#ending !== undefined) {
        throw new Error(`closed with ${this.#ending.code} ${this.#ending.reason}`);
      }
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  count(type: ServerFrame["type"]): number {
    return this.frames.filter((frame) => frame.type === type).length;
  }

  async caughtUp(times = 1): Promise<void> {
    await this.until(() => this.count("caughtUp") >= times);
  }

  /** Entries of room streams, as octets. */
  entries(): readonly Bytes[] {
    return this.frames.flatMap((frame) => (frame.type === "entry" ? [frame.entry] : []));
  }

  inboxEntries(): readonly Bytes[] {
    return this.frames.flatMap((frame) => (frame.type === "inboxEntry" ? [frame.entry] : []));
  }

  /** Closes and waits until both sides have. */
  async close(): Promise<Ending> {
    this.raw.close();
    return this.ended;
  }

  #changed(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}
