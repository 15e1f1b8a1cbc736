import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { request as requestHttp } from "node:http";
import { concatBytes } from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";
import { openLine } from "../../src/conformance/http/send.ts";
import type { Header } from "../../src/conformance/http/send.ts";

/** A request on its way through a proxy. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  /** As they came, save for those that say how the body is sent. */
  readonly headers: readonly Header[];
  readonly body: Bytes;
}

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Bytes;
}

export type Forward = (asked: Asked) => Promise<Answered>;

/** What becomes of a request on its way: forwarded, altered, answered by somebody else. */
export type Passage = (asked: Asked, forward: Forward) => Promise<Answered>;

/** A reverse proxy that lets everything pass as it is, unless it is told otherwise. */
export interface Proxy extends AsyncDisposable {
  readonly url: URL;
  passage: Passage | undefined;
}

/** Longer bodies, and those of an unknown length, go through octet by octet as they come. */
const wholeMax = 262_144;
/** One that has not come by then goes through so as well. */
const soonMs = 500;
const hop = new Set(["connection", "content-length", "keep-alive", "transfer-encoding"]);

export async function startProxy(target: () => URL): Promise<Proxy> {
  const lines = new Map<string, ReturnType<typeof openLine>>();
  const lineTo = (url: URL) => {
    const known = lines.get(url.href) ?? openLine(url, false);
    lines.set(url.href, known);
    return known;
  };

  const forward: Forward = async ({ method, path, headers, body }) => {
    const hasBody = method !== "GET" && method !== "DELETE";
    const call = { method, path, headers, ...(hasBody ? { body } : {}) };
    const answer = await lineTo(target()).send(call);
    const kept = Object.entries(answer.headers).flatMap(([name, value]) =>
      value === undefined || hop.has(name) ? [] : [[name, String(value)] as const],
    );
    return { status: answer.status, headers: Object.fromEntries(kept), body: answer.body };
  };

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { passage } = proxy;
    const isWhole = passage?.name === "whole";
    const length = Number(incoming.headers["content-length"] ?? 0);
    const isStream = incoming.headers["transfer-encoding"] !== undefined || length > wholeMax;
    const parts: Uint8Array[] = [];
    if (!isWhole && (isStream || !(await readSoon(incoming, parts)))) {
      passThrough(target(), incoming, outgoing, parts);
      return;
    }
    if (!incoming.readableEnded) {
      for await (const part of incoming) if (part instanceof Uint8Array) parts.push(part);
    }
    const asked = {
      method: incoming.method ?? "",
      path: incoming.url ?? "",
      headers: pairsOf(incoming.rawHeaders).filter(([name]) => !hop.has(name.toLowerCase())),
      body: concatBytes(...parts),
    };
    const { status, headers, body } = await (passage?.(asked, forward) ?? forward(asked));
    outgoing.writeHead(status, { ...headers, "content-length": body.length }).end(body);
  }

  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch(() => {
      incoming.socket.destroy();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen({ host: "127.0.0.1", port: 0 }, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  const proxy: Proxy = {
    url: new URL(`http://127.0.0.1:${address.port}`),
    passage: undefined,
    async [Symbol.asyncDispose]() {
      for (const line of lines.values()) line.close();
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
  return proxy;
}

/** Reads the body; false if it is not there soon, with what has come of it. */
function readSoon(incoming: IncomingMessage, parts: Uint8Array[]): Promise<boolean> {
  return new Promise((resolve) => {
    const add = (part: Uint8Array): void => void parts.push(part);
    const settle = (isWhole: boolean): void => {
      clearTimeout(timer);
      incoming.off("data", add);
      if (!isWhole) incoming.pause();
      resolve(isWhole);
    };
    const timer = setTimeout(() => settle(false), soonMs);
    incoming.on("data", add);
    incoming.once("end", () => settle(true));
  });
}

function passThrough(
  to: URL,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  begun: readonly Uint8Array[],
): void {
  const onward = requestHttp({
    host: to.hostname,
    port: to.port,
    method: incoming.method,
    path: incoming.url,
    headers: incoming.rawHeaders,
    setHost: false,
  });
  onward.once("response", (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
    outgoing.once("finish", () => {
      if (!incoming.complete) incoming.socket.destroySoon();
    });
  });
  onward.on("error", () => {
    if (!outgoing.headersSent) incoming.socket.destroy();
  });
  incoming.on("error", () => onward.destroy());
  incoming.once("close", () => {
    if (!incoming.complete) onward.destroy();
  });
  onward.flushHeaders();
  for (const part of begun) onward.write(part);
  incoming.pipe(onward);
}

function pairsOf(raw: readonly string[]): readonly Header[] {
  const pairs: Header[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) pairs.push([raw[at] ?? "", raw[at + 1] ?? ""]);
  return pairs;
}
