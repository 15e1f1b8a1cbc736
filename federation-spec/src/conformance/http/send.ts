import { Agent, request as requestHttp } from "node:http";
import type { ClientRequest } from "node:http";
import { Agent as TlsAgent, request as requestHttps } from "node:https";
import { concatBytes } from "@treehouse/protocol";
import { Failed } from "../outcome.ts";
import { Answer } from "./answer.ts";

/** A header as it goes onto the wire; a name may come more than once. */
export type Header = readonly [name: string, value: string];

/** A request, octet by octet as the suite wants it. */
export interface HttpCall {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly Header[];
  readonly body?: Uint8Array | undefined;
  /** Writes the body in its own way, instead of at once. */
  readonly write?: (request: ClientRequest) => void;
  readonly timeoutMs?: number;
}

/** The way to one HTTP server. */
export interface Line {
  /** What its URL says, for the Host header of a client. */
  readonly host: string;
  /** Rejects with `Failed` when there is no whole answer. */
  send(call: HttpCall): Promise<Answer>;
  close(): void;
}

/** The server answered nothing, or broke off. */
export class NoAnswer extends Failed {}

class StaleConnection extends Error {
  override readonly name = "StaleConnection";

  constructor(options: ErrorOptions) {
    super("an idle connection was closed", options);
  }
}

const defaultTimeoutMs = 30_000;

/**
 * Speaks HTTP/1.1 with whoever listens at the URL, whatever the Host header says. Without
 * `keepAlive` each request has a connection of its own, and is sent once whatever happens.
 */
export function openLine(url: URL, keepAlive = true): Line {
  const secure = url.protocol === "https:";
  const agent = secure ? new TlsAgent({ keepAlive }) : new Agent({ keepAlive });
  const request = secure ? requestHttps : requestHttp;
  const prefix = url.pathname.replace(/\/$/, "");

  function attempt(call: HttpCall): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = request({
        agent,
        protocol: url.protocol,
        hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"),
        port: url.port,
        method: call.method,
        path: prefix + call.path,
        headers: headersOf(call).flat(),
        timeout: call.timeoutMs ?? defaultTimeoutMs,
        setHost: false,
      });
      const failed = (why: string, cause?: unknown): void =>
        reject(new NoAnswer(`${call.method} ${call.path}: ${why}`, { cause }));
      let answered = false;
      outgoing.once("response", (incoming) => {
        answered = true;
        const parts: Uint8Array[] = [];
        incoming.on("data", (part: Uint8Array) => parts.push(part));
        incoming.once("end", () => {
          if (!outgoing.writableFinished) outgoing.destroy();
          resolve(new Answer(incoming.statusCode ?? 0, incoming.headers, concatBytes(...parts)));
        });
        incoming.once("error", (error) => failed("the answer broke off", error));
      });
      outgoing.once("timeout", () => {
        failed("there was no answer in time");
        outgoing.destroy();
      });
      // Who refuses by the headers may close while the body is still on its way.
      outgoing.on("error", (error) => {
        if (answered) return;
        if (outgoing.reusedSocket) reject(new StaleConnection({ cause: error }));
        else failed("there was no answer", error);
      });
      if (call.write === undefined) outgoing.end(call.body);
      else call.write(outgoing);
    });
  }

  return {
    host: url.host,
    async send(call) {
      try {
        return await attempt(call);
      } catch (error) {
        if (!(error instanceof StaleConnection)) throw error;
      }
      // The server ended the idle connection just when it was used again, and has read nothing.
      try {
        return await attempt(call);
      } catch (error) {
        if (!(error instanceof StaleConnection)) throw error;
        throw new NoAnswer(`${call.method} ${call.path}: there was no answer`, { cause: error });
      }
    },
    close: () => agent.destroy(),
  };
}

function headersOf({ headers, body, write }: HttpCall): readonly Header[] {
  const named = headers.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name));
  if (named || write !== undefined || body === undefined) return headers;
  return [...headers, ["content-length", String(body.length)]];
}
