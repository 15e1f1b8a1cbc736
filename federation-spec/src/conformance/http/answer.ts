import type { IncomingHttpHeaders } from "node:http";
import { MEDIA_TYPE_PROBLEM, MEDIA_TYPE_TLS, Refusal } from "@treehouse/protocol";
import type { Bytes, Codec, RefusalCode } from "@treehouse/protocol";
import { brief, Failed, Missing } from "../outcome.ts";

const prefix = "urn:treehouse:problem:";

/** What the tested server answered. */
export class Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Bytes;

  constructor(status: number, headers: IncomingHttpHeaders, body: Bytes) {
    this.status = status;
    this.headers = headers;
    this.body = body;
  }

  get mediaType(): string {
    return (this.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  }

  /** The body as JSON; undefined if it is none. */
  get json(): unknown {
    try {
      return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(this.body));
    } catch {
      return undefined;
    }
  }

  /** The code of the refusal, if it is one in the form of FED-502. */
  get code(): string | undefined {
    if (this.mediaType !== MEDIA_TYPE_PROBLEM) return undefined;
    const type = this.member("type");
    return typeof type === "string" && type.startsWith(prefix)
      ? type.slice(prefix.length)
      : undefined;
  }

  get succeeded(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  /** A member of the body, if that is a JSON object. */
  member(name: string): unknown {
    const { json } = this;
    return typeof json === "object" && json !== null && Object.hasOwn(json, name)
      ? Reflect.get(json, name)
      : undefined;
  }

  /** Fails unless the server refused with one of these codes. */
  refused(what: string, ...codes: readonly [RefusalCode, ...RefusalCode[]]): this {
    if (codes.some((code) => code === this.code)) return this;
    throw new Failed(`${what}: expected ${codes.join(" or ")}, got ${this.describe()}`);
  }

  /** Fails unless the server answered with the struct. */
  struct<T>(what: string, codec: Codec<T>): T {
    this.#withinRates(what);
    if (this.status !== 200 || this.mediaType !== MEDIA_TYPE_TLS) {
      throw new Failed(`${what}: expected 200 with ${MEDIA_TYPE_TLS}, got ${this.describe()}`);
    }
    try {
      return codec.decode(this.body);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw new Failed(`${what}: the answer cannot be decoded: ${error.message}`, { cause: error });
    }
  }

  /** Fails unless the server did what was asked. */
  ok(what: string): this {
    if (this.succeeded) return this;
    this.#withinRates(what);
    throw new Failed(`${what}: expected success, got ${this.describe()}`);
  }

  /** Rates are a server's own: where the suite asks too much, it has seen nothing. */
  #withinRates(what: string): void {
    if (this.code !== "rateLimited") return;
    throw new Missing(`${what}: beyond a rate of the server (${brief(this.member("limitName"))})`);
  }

  describe(): string {
    const { code } = this;
    if (code !== undefined) return `${this.status} ${code} (${brief(this.member("detail"))})`;
    return `${this.status} ${this.mediaType || "without a body"}`;
  }
}
