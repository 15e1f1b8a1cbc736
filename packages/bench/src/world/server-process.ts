import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { pin } from "../process-stat.ts";
import type { FromServer, ToServer } from "./messages.ts";

/** A server in a process of its own, tied to the first core, over a fresh folder on disk. */
export interface ServerProcess {
  readonly pid: number;
  readonly url: string;
  readonly pinned: boolean;
  ask<K extends FromServer["kind"]>(
    message: ToServer,
    answer: K,
  ): Promise<Extract<FromServer, { kind: K }>>;
  stop(): Promise<void>;
}

/** `which` is the file that runs: the homeserver, or the bare ceiling. */
export async function startServer(which: "world" | "ceiling"): Promise<ServerProcess> {
  const file = which === "world" ? "./server-main.ts" : "../ceiling/server-main.ts";
  const directory = mkdtempSync(join(tmpdir(), "treehouse-bench-"));
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), [directory], {
    execArgv: ["--expose-gc"],
    serialization: "advanced",
  });
  const { pid } = child;
  if (pid === undefined) throw new Error("the server process did not start");
  const wait = <K extends FromServer["kind"]>(kind: K) =>
    new Promise<Extract<FromServer, { kind: K }>>((resolve, reject) => {
      const hear = (message: FromServer) => {
        if (!isKind(message, kind)) return;
        child.off("message", hear);
        resolve(message);
      };
      child.on("message", hear);
      child.once("exit", (code) => reject(new Error(`the server process ended with ${code}`)));
    });
  const ready = await wait("ready");
  return {
    pid,
    url: ready.url,
    pinned: pin(pid, 0),
    ask(message, answer) {
      const answered = wait(answer);
      child.send(message);
      return answered;
    },
    async stop() {
      const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      child.send({ kind: "stop" } satisfies ToServer);
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function isKind<K extends FromServer["kind"]>(
  message: FromServer,
  kind: K,
): message is Extract<FromServer, { kind: K }> {
  return message.kind === kind;
}
