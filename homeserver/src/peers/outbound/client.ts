import type { IncomingHttpHeaders } from "node:http";
import type { Bytes, Domain, Env } from "@treehouse/protocol";
import { LIMITS } from "@treehouse/protocol";
import { Pool } from "undici";
import type { buildConnector, Dispatcher } from "undici";
import { gather } from "../../platform/index.ts";
import type { ConnectTarget, OpenConnection } from "./connect.ts";
import { ContactFault, contactFault } from "./fault.ts";

export interface OutboundRequest {
  readonly method: "GET" | "POST";
  /** Percent-encoded, without a query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** From the call to the end of the answer, the connection included. */
  readonly timeoutMs: number;
  readonly answerBytesMax: number;
}

export interface OutboundAnswer {
  readonly status: number;
  /** Lower-case names; the values of a name that came more than once are joined. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Bytes;
}

/**
 * HTTP with servers whose names others chose. It follows no redirect, decompresses nothing, holds
 * no more of an answer than was asked for, and each server has connections of its own, so that one
 * that is slow keeps nobody else waiting.
 */
export interface OutboundClient {
  /** Rejects with a `ContactFault` when there is no whole answer; any status is an answer. */
  send(target: ConnectTarget, request: OutboundRequest): Promise<OutboundAnswer>;
  /** Ends the connections that were not used for a while. */
  sweep(): void;
  /** Ends the connections to one server, once they are idle. */
  forget(domain: Domain): void;
  close(): Promise<void>;
}

interface Line {
  readonly domain: Domain;
  readonly pool: Pool;
  active: number;
  usedAt: number;
}

const connectTimeoutMs = 5_000;
const keepAliveMs = 60_000;
/** How long an idle server's connections are kept in the books. */
const lineKeptMs = 120_000;

export function createOutboundClient(
  env: Pick<Env, "monotonic" | "timer">,
  open: OpenConnection,
): OutboundClient {
  const lines = new Map<string, Line>();

  function lineTo(target: ConnectTarget): Line {
    const origin = `https://${target.domain}:${target.port}`;
    const known = lines.get(origin);
    if (known !== undefined) return known;
    const pool = new Pool(origin, {
      connections: LIMITS.peerConcurrencyMax,
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (_options, callback) => void connect(target, callback),
    });
    const line = { domain: target.domain, pool, active: 0, usedAt: env.monotonic() };
    lines.set(origin, line);
    return line;
  }

  async function connect(target: ConnectTarget, callback: buildConnector.Callback): Promise<void> {
    const controller = new AbortController();
    const cancel = env.timer(connectTimeoutMs, () => controller.abort());
    try {
      callback(null, await open(target, controller.signal));
    } catch (error) {
      callback(contactFault("connect", error), null);
    } finally {
      cancel();
    }
  }

  function drop(origin: string, { pool }: Line): Promise<void> {
    lines.delete(origin);
    return pool.close();
  }

  return {
    async send(target, request) {
      const line = lineTo(target);
      line.active += 1;
      try {
        return await dispatch(env, line.pool, target.domain, request);
      } finally {
        line.active -= 1;
        line.usedAt = env.monotonic();
      }
    },
    sweep() {
      const before = env.monotonic() - lineKeptMs;
      for (const [origin, line] of lines) {
        if (line.active === 0 && line.usedAt < before) void drop(origin, line);
      }
    },
    forget(domain) {
      for (const [origin, line] of lines) if (line.domain === domain) void drop(origin, line);
    },
    async close() {
      const all = [...lines.values()];
      lines.clear();
      await Promise.all(all.map(({ pool }) => pool.destroy()));
    },
  };
}

function dispatch(
  env: Pick<Env, "timer">,
  pool: Pool,
  domain: Domain,
  { method, path, headers, body, timeoutMs, answerBytesMax }: OutboundRequest,
): Promise<OutboundAnswer> {
  return new Promise((resolve, reject) => {
    let status = 0;
    let answered: Readonly<Record<string, string>> = {};
    const gathered = gather();
    let given: Error | undefined;
    let controller: Dispatcher.DispatchController | undefined;

    const give = (fault: ContactFault): void => {
      if (given !== undefined) return;
      given = fault;
      cancel();
      controller?.abort(fault);
      reject(fault);
    };
    const cancel = env.timer(timeoutMs, () =>
      give(new ContactFault("answer", "timeout", "there was no answer in time")),
    );
    pool.dispatch(
      {
        method,
        path,
        // Node's and undici's own would name the port, and a server's name has none.
        headers: { ...headers, host: domain },
        ...(body === undefined ? {} : { body }),
      },
      {
        onRequestStart(started) {
          controller = started;
          // It waited for a connection longer than it was allowed to take.
          if (given !== undefined) started.abort(given);
        },
        onResponseStart(_controller, statusCode, responseHeaders) {
          status = statusCode;
          answered = joined(responseHeaders);
          const encoding = answered["content-encoding"];
          if (encoding !== undefined && encoding !== "identity") {
            give(new ContactFault("answer", "broken", "the answer is compressed, unasked"));
          } else if (Number(answered["content-length"] ?? 0) > answerBytesMax) {
            give(new ContactFault("answer", "tooLarge", "the answer is too large"));
          }
        },
        onResponseData(_controller, chunk) {
          if (gathered.length + chunk.byteLength > answerBytesMax) {
            give(new ContactFault("answer", "tooLarge", "the answer is too large"));
          } else if (given === undefined) {
            gathered.add(chunk);
          }
        },
        onResponseEnd() {
          if (given !== undefined) return;
          cancel();
          resolve({ status, headers: answered, body: gathered.finish() });
        },
        onResponseError(_controller, error) {
          give(contactFault("answer", error));
        },
      },
    );
  });
}

/** Without its parameters, in lower case; empty if there is none. */
export function mediaTypeOf(headers: OutboundAnswer["headers"]): string {
  const [type = ""] = (headers["content-type"] ?? "").split(";", 1);
  return type.trim().toLowerCase();
}

function joined(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) result[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return result;
}
