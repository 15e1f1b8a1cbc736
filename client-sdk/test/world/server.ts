import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createHomeserver, createNodeEnv, defaultConfig } from "@treehouse/homeserver";
import type { Homeserver } from "@treehouse/homeserver";

import { Client, type NodeOptions } from "../../src/node.ts";

export const password = "correct horse battery staple";

/** A real homeserver in this process, over a directory of its own. */
export interface TestServer {
  readonly url: string;
  readonly directory: string;
  /** The server that runs now. */
  current(): Homeserver;
  path(name: string): string;
  stop(): Promise<void>;
  /** Starts again over the same data and on the same port. */
  start(): Promise<void>;
  register(name: string, options?: Partial<NodeOptions>): Promise<Client>;
  open(name: string, options?: Partial<NodeOptions>): Promise<Client>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startServer(): Promise<TestServer> {
  const directory = mkdtempSync(join(tmpdir(), "treehouse-sdk-"));
  const base = defaultConfig();
  let port = 0;
  const start = () =>
    createHomeserver({
      config: {
        ...base,
        server: { ...base.server, port },
        storage: { ...base.storage, directory: join(directory, "data") },
        metrics: { ...base.metrics, enabled: false },
        registration: { ...base.registration, mode: "open" as const },
      },
      env: createNodeEnv({ log: { level: "error" } }),
    });
  let server: Homeserver | undefined = await start();
  const { url } = server;
  port = Number(new URL(url).port);
  const path = (name: string) => join(directory, `${name}.sqlite`);
  const open = (name: string, options: Partial<NodeOptions> = {}) =>
    Client.open({ account: `${name}@localhost`, server: url, store: path(name), ...options });
  return {
    url,
    directory,
    path,
    current() {
      if (server === undefined) throw new Error("the server is stopped");
      return server;
    },
    async stop() {
      await server?.[Symbol.asyncDispose]();
      server = undefined;
    },
    async start() {
      server ??= await start();
    },
    async register(name, options = {}) {
      const client = await open(name, { password, register: {}, ...options });
      await client.caughtUp();
      return client;
    },
    open,
    async [Symbol.asyncDispose]() {
      await server?.[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
