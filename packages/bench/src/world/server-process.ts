import { type ChildProcess, fork } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { bundleOf } from "../../../../tools/bundles.mjs";
import { pin } from "../process-stat.ts";
import type { FromServer, ServerSettings, ToServer } from "./messages.ts";

/** A server in a process of its own, tied to the first core, over a fresh folder on disk. */
export interface ServerProcess {
  /** Of the process that runs now. */
  pid(): number;
  url(): string;
  /** Of a bare server that federates. */
  key(): string;
  readonly pinned: boolean;
  ask<K extends FromServer["kind"]>(
    message: ToServer,
    answer: K,
  ): Promise<Extract<FromServer, { kind: K }>>;
  /**
   * A new process over the same folder: its memory holds nothing of what was done before. `between`
   * may change the folder while no process has it.
   */
  restart(between?: (directory: string) => void): Promise<void>;
  /** SIGKILL; `begin` starts it again over the same folder. */
  kill(): Promise<void>;
  begin(): Promise<void>;
  /** Takes connections and does nothing, until it goes on. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

const files = {
  world: "./server-main.ts",
  ceiling: "../ceiling/server-main.ts",
  federatedCeiling: "../ceiling/federated-server-main.ts",
};

/** The homeserver runs as `npm start` runs it; a bare server is one small file. */
function programOf(which: keyof typeof files): string {
  const bundle = which === "world" ? bundleOf("bench") : undefined;
  return bundle ?? fileURLToPath(new URL(files[which], import.meta.url));
}

/** `which` says what runs: the homeserver, or a bare ceiling. */
export async function startServer(
  which: keyof typeof files,
  settings?: ServerSettings,
): Promise<ServerProcess> {
  const home = mkdtempSync(join(tmpdir(), "treehouse-bench-"));
  // The keys of a server lie beside its folder, and go with it.
  const directory = join(home, "data");
  mkdirSync(directory, { mode: 0o700 });
  const args = [directory, ...(settings === undefined ? [] : [JSON.stringify(settings)])];
  let running = await start(which, args);
  return {
    pid: () => running.pid,
    url: () => running.url,
    key: () => running.key,
    pinned: running.pinned,
    ask(message, answer) {
      const answered = waitFor(running.child, answer);
      running.child.send(message);
      return answered;
    },
    async restart(between) {
      await end(running.child);
      between?.(directory);
      running = await start(which, args);
    },
    async kill() {
      const ended = new Promise<void>((resolve) => running.child.once("exit", () => resolve()));
      running.child.kill("SIGKILL");
      await ended;
    },
    async begin() {
      running = await start(which, args);
    },
    freeze: () => void running.child.kill("SIGSTOP"),
    thaw: () => void running.child.kill("SIGCONT"),
    async stop() {
      await end(running.child);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** With a folder in this variable each server leaves a profile of its CPU time there. */
const { TREEHOUSE_BENCH_PROFILES: profiles } = process.env;
const profiling = profiles === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profiles}`];

/** Those of `npm start` (decision 0166). */
function startFlags(): readonly string[] {
  const file = new URL("../../../../package.json", import.meta.url);
  const flags = readFileSync(file, "utf8").match(/"start": "exec node (.*) tools/u)?.[1];
  if (flags === undefined) throw new Error("`npm start` runs something else");
  return flags.split(" ");
}

async function start(which: keyof typeof files, args: readonly string[]) {
  const child = fork(programOf(which), args, {
    // The process is tied to one core: helper threads of the collector could not run beside it,
    // and waiting for them took a collection from 2 to 50 ms. The ceiling runs the same way.
    execArgv: [
      "--expose-gc",
      "--single-threaded-gc",
      ...(which === "world" ? startFlags() : []),
      ...profiling,
    ],
    serialization: "advanced",
  });
  const { pid } = child;
  if (pid === undefined) throw new Error("the server process did not start");
  const { url, key = "" } = await waitFor(child, "ready");
  return { child, pid, url, key, pinned: pin(pid, 0) };
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
  if (!child.connected) return;
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
