/** The SDK's `Env` in a browser, in a page or in a worker. */
import {
  type Bytes,
  type Env,
  type HttpRequest,
  type HttpResponse,
  NetworkFault,
  type SocketEvents,
  type SocketHandle,
} from "@treehouse/protocol";

import { silentLog, silentMetrics } from "./silent.ts";

/** `crypto.getRandomValues` gives no more at once. */
const randomMax = 65_536;

/** `close` cuts off every request that is under way. */
export function createBrowserEnv(): { env: Env; close(): Promise<void> } {
  const life = new AbortController();
  const tasks = createTasks();
  const env: Env = {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    random,
    timer(delayMs, run) {
      const handle = setTimeout(run, delayMs);
      return () => clearTimeout(handle);
    },
    soon: (run) => tasks.add(run),
    fetch: (asked) => fetchIn(asked, life.signal),
    openSocket,
    log: silentLog,
    metrics: silentMetrics,
  };
  return {
    env,
    async close() {
      life.abort();
      tasks.close();
    },
  };
}

function random(length: number): Bytes {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += randomMax) {
    crypto.getRandomValues(bytes.subarray(at, at + randomMax));
  }
  return bytes;
}

/** Tasks of their own, in order: timers would be held up, and microtasks come before input. */
function createTasks(): { add(run: () => void): void; close(): void } {
  const waiting: (() => void)[] = [];
  const { port1, port2 } = new MessageChannel();
  port1.addEventListener("message", () => waiting.shift()?.());
  port1.start();
  return {
    add(run) {
      waiting.push(run);
      port2.postMessage(undefined);
    },
    close() {
      // What is asked for by now is still done.
      this.add(() => port1.close());
    },
  };
}

async function fetchIn(asked: HttpRequest, life: AbortSignal): Promise<HttpResponse> {
  const { signal: given, timeoutMs } = asked;
  const signals = [life, AbortSignal.timeout(timeoutMs), ...(given === undefined ? [] : [given])];
  const signal = AbortSignal.any(signals);
  try {
    const response = await fetch(asked.url, {
      method: asked.method,
      headers: asked.headers ?? {},
      ...(asked.body === undefined ? {} : { body: new Uint8Array(asked.body) }),
      signal,
      // The token is in a header; nothing else of the browser's is the server's to see.
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      referrerPolicy: "no-referrer",
    });
    const body = await readBody(response, asked.responseBytesMax);
    return { status: response.status, headers: Object.fromEntries(response.headers), body };
  } catch (error) {
    throw faultOf(error);
  }
}

async function readBody(response: Response, bytesMax: number): Promise<Bytes> {
  if (response.body === null) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > bytesMax) {
      await reader.cancel();
      throw new NetworkFault("tooLarge", `the answer is longer than ${bytesMax}`);
    }
    parts.push(value);
  }
  const body = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    body.set(part, at);
    at += part.length;
  }
  return body;
}

/** A browser does not tell why: no such host, no connection, and no leave to ask look the same. */
function faultOf(error: unknown): NetworkFault {
  if (error instanceof NetworkFault) return error;
  const options = { cause: error };
  const name = error instanceof Error ? error.name : "";
  if (name === "TimeoutError") {
    return new NetworkFault("timeout", "the server did not answer in time", options);
  }
  if (name === "AbortError") return new NetworkFault("aborted", "the client was closed", options);
  const text = "the server cannot be reached, or does not serve pages of this origin";
  return new NetworkFault("broken", text, options);
}

/** A socket that the browser believes in although the network is gone is given up at once. */
function openSocket(url: string, events: SocketEvents): SocketHandle {
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  let over = false;
  const end = (code: number, reason: string) => {
    if (over) return;
    over = true;
    removeEventListener("offline", offline);
    events.closed(code, reason);
  };
  const offline = () => {
    socket.close();
    end(abnormal, "the network is gone");
  };
  addEventListener("offline", offline);
  socket.addEventListener("open", () => {
    if (!over) events.opened();
  });
  socket.addEventListener("message", ({ data }: { data: unknown }) => {
    if (over) return;
    if (data instanceof ArrayBuffer) events.message(new Uint8Array(data));
    else socket.close(textRefused, "binary messages only");
  });
  socket.addEventListener("close", ({ code, reason }) => end(code, reason));
  return {
    send(bytes) {
      // To send into a socket that is not open throws; what is lost so is told by the close.
      if (socket.readyState === openState) socket.send(new Uint8Array(bytes));
    },
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    close(code, reason) {
      const own = code === undefined || code === normal || code >= ownCodes;
      socket.close(own ? code : ownCodes + (code - normal), reason);
    },
  };
}

const openState = 1;
/** RFC 6455 §7.4.1. A page may close with 1000 or with a code of its own from 3000 on. */
const normal = 1000;
const abnormal = 1006;
const ownCodes = 3000;
const textRefused = ownCodes + 3;

/** Of a page's or a worker's global scope, which the compiler does not know. */
declare function addEventListener(type: "offline", listener: () => void): void;
declare function removeEventListener(type: "offline", listener: () => void): void;
