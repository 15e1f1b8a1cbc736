/** A whole HTTP/1.1 message, with its octets as they came. */
export type HttpMessage = {
  readonly startLine: string;
  /** By lower-case name; of a doubled header the last one. */
  readonly headers: ReadonlyMap<string, string>;
  readonly bytes: Buffer;
};

/** How the end of a message's body is known. */
type Body =
  | { readonly kind: "length"; left: number }
  | { readonly kind: "chunked"; readonly scan: ChunkScan }
  | { readonly kind: "untilEnd" };

const headBytesMax = 256 * 1024;
const messageBytesMax = 64 * 1024 * 1024;

/**
 * Cuts a connection's octets into HTTP/1.1 messages and changes nothing in them. What cannot be one
 * throws; a peer that sends such a thing on purpose has to be connected without this proxy.
 */
export class MessageFramer {
  readonly #side: "requests" | "answers";
  #pending: Buffer = Buffer.alloc(0);
  #message: { head: HttpMessage; parts: Buffer[]; length: number; body: Body } | undefined;

  constructor(side: "requests" | "answers") {
    this.#side = side;
  }

  /** Whether part of a message is here. */
  get begun(): boolean {
    return this.#message !== undefined || this.#pending.length > 0;
  }

  add(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
  }

  /** The next message that is here as a whole. */
  take(): HttpMessage | undefined {
    this.#message ??= this.#takeHead();
    const message = this.#message;
    if (message === undefined) return undefined;
    const { body } = message;
    const here = this.#pending;
    const use =
      body.kind === "length"
        ? Math.min(body.left, here.length)
        : body.kind === "chunked"
          ? body.scan.take(here)
          : here.length;
    if (use > 0) message.parts.push(here.subarray(0, use));
    this.#pending = here.subarray(use);
    message.length += use;
    if (message.length > messageBytesMax) throw new Error("a message is too long");
    if (body.kind === "length") body.left -= use;
    const whole =
      body.kind === "length" ? body.left === 0 : body.kind === "chunked" && body.scan.done;
    return whole ? this.#finish() : undefined;
  }

  /** The message that the end of the connection completes. */
  end(): HttpMessage | undefined {
    return this.#message?.body.kind === "untilEnd" ? this.#finish() : undefined;
  }

  /** What has come beyond the last message: the octets of another protocol. */
  rest(): Buffer {
    const rest = this.#pending;
    this.#pending = Buffer.alloc(0);
    return rest;
  }

  #finish(): HttpMessage | undefined {
    const message = this.#message;
    if (message === undefined) return undefined;
    this.#message = undefined;
    return { ...message.head, bytes: Buffer.concat(message.parts) };
  }

  #takeHead() {
    const end = this.#pending.indexOf("\r\n\r\n");
    if (end === -1) {
      if (this.#pending.length > headBytesMax) throw new Error("a head is too long");
      return undefined;
    }
    const bytes = this.#pending.subarray(0, end + 4);
    this.#pending = this.#pending.subarray(end + 4);
    const [startLine = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
    const headers = new Map<string, string>();
    for (const line of lines) {
      const colon = line.indexOf(":");
      headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
    }
    const head: HttpMessage = { startLine, headers, bytes };
    return { head, parts: [bytes], length: bytes.length, body: this.#bodyOf(head) };
  }

  #bodyOf({ startLine, headers }: HttpMessage): Body {
    const status = Number(startLine.split(" ")[1]);
    const none = this.#side === "answers" && (status < 200 || status === 204 || status === 304);
    if (none) return { kind: "length", left: 0 };
    if (headers.get("transfer-encoding")?.toLowerCase().endsWith("chunked") === true) {
      return { kind: "chunked", scan: new ChunkScan() };
    }
    const length = headers.get("content-length");
    if (length !== undefined) return { kind: "length", left: Number(length) };
    return this.#side === "answers" ? { kind: "untilEnd" } : { kind: "length", left: 0 };
  }
}

/** Follows a chunked body to its end, trailers included. */
class ChunkScan {
  done = false;
  #line = "";
  /** Octets of the present chunk that are still to come, its line break included. */
  #left = 0;
  #last = false;

  /** How many of these octets belong to the body. */
  take(here: Buffer): number {
    let at = 0;
    while (at < here.length && !this.done) {
      if (this.#left > 0) {
        const use = Math.min(this.#left, here.length - at);
        this.#left -= use;
        at += use;
        continue;
      }
      const octet = here[at];
      at += 1;
      if (octet !== 10) {
        this.#line += String.fromCharCode(octet ?? 0);
        continue;
      }
      this.#endLine(this.#line.trim());
      this.#line = "";
    }
    return at;
  }

  #endLine(line: string): void {
    if (this.#last) {
      this.done = line === "";
      return;
    }
    const size = Number.parseInt(line, 16);
    if (!Number.isSafeInteger(size)) throw new Error("a chunk has no length");
    if (size === 0) this.#last = true;
    else this.#left = size + 2;
  }
}
