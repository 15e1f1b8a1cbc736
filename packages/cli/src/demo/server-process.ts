import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, type WriteStream } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import type { Children } from "./children.ts";

const main = fileURLToPath(new URL("../../../../homeserver/src/main.ts", import.meta.url));

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

/** `directory` gets the data, and the server's output as `server.log`. */
export async function startServer(directory: string, children: Children): Promise<ServerProcess> {
  const log = createWriteStream(join(directory, "server.log"), { flags: "a" });
  const port = await freePort();
  const next = () => start(directory, port, log, children);
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

function start(
  directory: string,
  port: number,
  log: WriteStream,
  children: Children,
): Promise<Running> {
  const spawned = spawn(
    process.execPath,
    [main, "--data", join(directory, "data"), "--port", String(port)],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, TREEHOUSE__METRICS__ENABLED: "false" },
    },
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

/** Clients remember the address, so every start uses the same port. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => {
        if (typeof address === "object" && address !== null) resolve(address.port);
        else reject(new Error("no port"));
      });
    });
  });
}
