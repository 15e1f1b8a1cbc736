import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { pin } from "../process-stat.ts";
import type { FromServer, ToServer } from "./messages.ts";

/** A server in a process of its own, tied to the first core, over a fresh folder on disk. */
export interface ServerProcess {
  /** Of the process that runs now. */
  pid(): number;
  url(): string;
  readonly pinned: boolean;
  ask<K extends FromServer["kind"]>(
    message: ToServer,
    answer: K,
  ): Promise<Extract<FromServer, { kind: K }>>;
  /** A new process over the same folder: its memory holds nothing of what was done before. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** `which` is the file that runs: the homeserver, or the bare ceiling. */
export async function startServer(which: "world" | "ceiling"): Promise<ServerProcess> {
  const directory = mkdtempSync(join(tmpdir(), "treehouse-bench-"));
  let running = await start(which, directory);
  return {
    pid: () => running.pid,
    url: () => running.url,
    pinned: running.pinned,
    ask(message, answer) {
      const answered = waitFor(running.child, answer);
      running.child.send(message);
      return answered;
    },
    async restart() {
      await end(running.child);
      running = await start(which, directory);
    },
    async stop() {
      await end(running.child);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function start(which: "world" | "ceiling", directory: string) {
  const file = which === "world" ? "./server-main.ts" : "../ceiling/server-main.ts";
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), [directory], {
    // The process is tied to one core: helper threads of the collector could not run beside it,
    // and waiting for them took a collection from 2 to 50 ms. The ceiling runs the same way.
    execArgv: ["--expose-gc", "--single-threaded-gc"],
    serialization: "advanced",
  });
  const { pid } = child;
  if (pid === undefined) throw new Error("the server process did not start");
  const { url } = await waitFor(child, "ready");
  return { child, pid, url, pinned: pin(pid, 0) };
}

function waitFor<K extends FromServer["kind"]>(
  child: ChildProcess,
  kind: K,
): Promise<Extract<FromServer, { kind: K }>> {
  return new Promise((resolve, reject) => {
    const hear = (message: FromServer) => {
      if (!isKind(message, kind)) return;
      child.off("message", hear);
      child.off("exit", fail);
      resolve(message);
    };
    const fail = (code: number | null) =>
      reject(new Error(`the server process ended with ${code}`));
    child.on("message", hear);
    child.once("exit", fail);
  });
}

async function end(child: ChildProcess): Promise<void> {
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.send({ kind: "stop" } satisfies ToServer);
  await ended;
}

function isKind<K extends FromServer["kind"]>(
  message: FromServer,
  kind: K,
): message is Extract<FromServer, { kind: K }> {
  return message.kind === kind;
}
