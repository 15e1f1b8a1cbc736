/** The SDK's `Env` in Node: undici for requests, ws for the socket, Node's clock and randomness. */
import { randomBytes } from "node:crypto";

import {
  type Bytes,
  type Env,
  type HttpRequest,
  type HttpResponse,
  NetworkFault,
  type SocketEvents,
  type SocketHandle,
} from "@treehouse/protocol";
import { Agent, request } from "undici";
import { WebSocket } from "ws";

import { silentLog, silentMetrics } from "./silent.ts";

/** The server pings every 30 s; a link that is silent for longer than this is dead. */
const silenceMaxMs = 75_000;

/** `close` lets go of kept-alive connections, so that a process can end. */
export function createNodeEnv(): { env: Env; close(): Promise<void> } {
  const agent = new Agent({ keepAliveTimeout: 10_000, connections: 8 });
  const env: Env = {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    random: (length) => new Uint8Array(randomBytes(length)),
    timer(delayMs, run) {
      const handle = setTimeout(run, delayMs);
      return () => clearTimeout(handle);
    },
    soon: (run) => void setImmediate(run),
    fetch: (asked) => fetchOver(agent, asked),
    openSocket,
    log: silentLog,
    metrics: silentMetrics,
  };
  return { env, close: () => agent.close() };
}

async function fetchOver(agent: Agent, asked: HttpRequest): Promise<HttpResponse> {
  try {
    const response = await request(asked.url, {
      dispatcher: agent,
      method: asked.method,
      headers: asked.headers ?? {},
      body: asked.body ?? null,
      signal: signalOf(asked),
    });
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(response.headers)) {
      if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
    }
    const body = createBody(Number(headers["content-length"] ?? 0), asked.responseBytesMax);
    for await (const part of response.body) {
      if (!(part instanceof Uint8Array)) throw new TypeError("the body is not binary");
      body.add(part);
    }
    return { status: response.statusCode, headers, body: body.finish() };
  } catch (error) {
    throw faultOf(error);
  }
}

/** Ends with the caller's signal, and after so long. */
export function signalOf({
  signal,
  timeoutMs,
}: {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs: number;
}): AbortSignal {
  const timeout = AbortSignal.timeout(timeoutMs);
  return signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
}

/**
 * Octets as they come, in one array of the length that was announced: what is large is held once. A
 * false length is no danger, and costs no more than `bytesMax`.
 */
function createBody(announced: number, bytesMax: number) {
  let octets = new Uint8Array(announced > 0 && announced <= bytesMax ? announced : 0);
  let length = 0;
  return {
    add(part: Uint8Array) {
      if (length + part.length > bytesMax) {
        throw new NetworkFault("tooLarge", `the answer is longer than ${bytesMax}`);
      }
      if (length + part.length > octets.length) {
        const grown = new Uint8Array(Math.min(bytesMax, 2 * (length + part.length)));
        grown.set(octets.subarray(0, length));
        octets = grown;
      }
      octets.set(part, length);
      length += part.length;
    },
    finish: (): Bytes => (length === octets.length ? octets : octets.slice(0, length)),
  };
}

function faultOf(error: unknown): NetworkFault {
  if (error instanceof NetworkFault) return error;
  const options = { cause: error };
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (error instanceof Error && error.name === "TimeoutError") {
    return new NetworkFault("timeout", "the server did not answer in time", options);
  }
  if (code === "ECONNREFUSED" || code === "ENOTFOUND") {
    return new NetworkFault("refused", `the server cannot be reached (${code})`, options);
  }
  return new NetworkFault("broken", "the connection to the server broke", options);
}

function openSocket(url: string, events: SocketEvents): SocketHandle {
  const socket = new WebSocket(url, { perMessageDeflate: false, handshakeTimeout: 15_000 });
  let watchdog = setTimeout(() => socket.terminate(), silenceMaxMs);
  const alive = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => socket.terminate(), silenceMaxMs);
  };
  socket.on("open", () => {
    alive();
    events.opened();
  });
  socket.on("ping", alive);
  socket.on("message", (data, binary) => {
    alive();
    if (!binary) socket.close(1003, "binary messages only");
    else if (data instanceof ArrayBuffer) events.message(new Uint8Array(data));
    else if (Array.isArray(data)) events.message(new Uint8Array(Buffer.concat(data)));
    else events.message(new Uint8Array(data));
  });
  // The reason of an error is told by the close that always follows it.
  socket.on("error", () => undefined);
  socket.on("close", (code, reason) => {
    clearTimeout(watchdog);
    events.closed(code, reason.toString());
  });
  return {
    send: (bytes) => socket.send(bytes),
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    close: (code, reason) => socket.close(code, reason),
  };
}
