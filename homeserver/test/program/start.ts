import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { quickStart } from "./quick-start.ts";

/** What `npm start` runs, and what runs the sources, in which a bug can be planted (see `controlVariables`). */
const main = fileURLToPath(new URL("../../../tools/start.mjs", import.meta.url));
const sources = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** A homeserver as an operator runs it: a process of its own. */
export type Program = {
  /** Undefined when it ended before it served. */
  readonly url: string | undefined;
  readonly pid: number;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Sends a signal. */
  readonly signal: (name: NodeJS.Signals) => void;
  /** Resolves with its exit code when it has ended, or with the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
};

export type Launch = {
  /** A command that runs another one in the place of its own process. */
  readonly under?: readonly string[];
  /** The folder of another checkout of this repository, whose program it is. */
  readonly checkout?: string | undefined;
};

/** Starts the program and resolves when it prints its URL or ends. */
export async function startProgram(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
  { under = [], checkout }: Launch = {},
): Promise<Program> {
  const surroundings: Record<string, string | undefined> = { ...quickStart(), ...variables };
  const todays = surroundings["TREEHOUSE_TORTURE_CONTROL"] === undefined ? main : sources;
  const program = checkout === undefined ? todays : join(checkout, "tools/start.mjs");
  const [command = "", ...rest] = [...under, process.execPath, program, ...args];
  const child = spawn(command, rest, {
    env: {
      TREEHOUSE__METRICS__PORT: "0",
      TREEHOUSE__SERVER__PORT: "0",
      ...surroundings,
    },
  });
  let stdout = "";
  let stderr = "";
  child.stderr.on("data", (chunk) => (stderr += String(chunk)));
  const ended = once(child, "close").then(([code, signal]) => code ?? signal);
  const url = await new Promise<string | undefined>((resolve) => {
    child.stdout.on("data", (chunk) => {
      stdout += String(chunk);
      const line = /^https?:\/\/\S+$/m.exec(stdout)?.[0];
      if (line !== undefined && stdout.includes(`${line}\n`)) resolve(line);
    });
    void ended.then(() => resolve(undefined));
  });
  if (child.pid === undefined) throw new Error("no process was started");
  return {
    url,
    pid: child.pid,
    stdout: () => stdout,
    stderr: () => stderr,
    signal: (name) => void child.kill(name),
    ended,
  };
}
