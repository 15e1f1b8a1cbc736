import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, mkdirSync, type WriteStream, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import type { Children } from "./children.ts";

const main = fileURLToPath(new URL("../../../../tools/start.mjs", import.meta.url));

/** A real homeserver in a process of its own, which can be killed and started again. */
export interface ServerProcess {
  readonly url: string;
  /** The admin invite of the first start. */
  readonly invite: string;
  /** SIGKILL, sent before this returns. */
  kill(): void;
  /** The next start over the same files; resolves when it serves again. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export type ServerWish = {
  /** Gets the data, the configuration, and the server's output as `server.log`. */
  readonly directory: string;
  readonly domain: string;
  readonly port: number;
  /** Where the other servers are, by domain. */
  readonly peers: ReadonlyMap<string, string>;
};

export async function startServer(wish: ServerWish, children: Children): Promise<ServerProcess> {
  const { directory, domain, port, peers } = wish;
  mkdirSync(directory, { recursive: true });
  const lines = [...peers].map(([peer, url]) => `"${peer}" = "${url}"`);
  const config = [
    "[server]",
    `domain = "${domain}"`,
    `port = ${port}`,
    "[metrics]",
    "enabled = false",
    "[federation.development.peers]",
    ...lines,
  ];
  writeFileSync(join(directory, "treehouse.toml"), `${config.join("\n")}\n`);
  const log = createWriteStream(join(directory, "server.log"), { flags: "a" });
  const next = () => start(directory, log, children);
  let running = await next();
  const { invite } = running;
  if (invite === undefined) throw new Error("the server has printed no admin invite");
  return {
    url: running.url,
    invite,
    kill() {
      running.child.kill("SIGKILL");
    },
    async restart() {
      await ended(running.child);
      running = await next();
    },
    async stop() {
      running.child.kill("SIGTERM");
      await ended(running.child);
      await new Promise<void>((resolve) => log.end(resolve));
    },
  };
}

type Running = { readonly child: ChildProcess; readonly url: string; readonly invite?: string };

const startSeconds = 60;

function start(directory: string, log: WriteStream, children: Children): Promise<Running> {
  const spawned = spawn(
    process.execPath,
    [main, "--config", join(directory, "treehouse.toml"), "--data", join(directory, "data")],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const child = children.track(spawned);
  child.stderr.pipe(log, { end: false });
  return new Promise<Running>((resolve, reject) => {
    let invite: string | undefined;
    const deadline = setTimeout(() => {
      reject(new Error(`the server did not serve within ${startSeconds} s`));
    }, startSeconds * 1000);
    createInterface({ input: child.stdout }).on("line", (line) => {
      log.write(line.startsWith("admin invite: ") ? "admin invite: …\n" : `${line}\n`);
      if (line.startsWith("admin invite: ")) invite = line.slice("admin invite: ".length);
      if (!line.startsWith("http")) return;
      clearTimeout(deadline);
      resolve({ child, url: line, ...(invite === undefined ? {} : { invite }) });
    });
    child.once("error", reject);
    child.once("exit", (code) => {
      clearTimeout(deadline);
      reject(new Error(`the server ended with ${code} before serving`));
    });
  });
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve();
      return;
    }
    child.once("exit", () => resolve());
  });
}
