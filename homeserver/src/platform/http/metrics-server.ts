import { createServer } from "node:http";
import type { Env } from "@treehouse/protocol";
import { lifecycle } from "./lifecycle.ts";
import type { HttpServer } from "./lifecycle.ts";

/** A page of Prometheus' text format. */
export type MetricsPage = () => Promise<{ readonly type: string; readonly text: string }>;

/** `GET /metrics` and nothing else, on a port of its own: it is not for clients. */
export function createMetricsServer(env: Pick<Env, "timer">, page: MetricsPage): HttpServer {
  const server = createServer(async (incoming, outgoing) => {
    incoming.resume();
    if (incoming.method !== "GET" || incoming.url !== "/metrics") {
      outgoing.writeHead(404).end();
      return;
    }
    try {
      const { type, text } = await page();
      outgoing.writeHead(200, { "content-type": type, "cache-control": "no-store" }).end(text);
    } catch {
      outgoing.writeHead(500).end();
    }
  });
  return lifecycle(server, env);
}
