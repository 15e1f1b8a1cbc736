import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { mutants } from "../../../packages/testkit/src/simulator/mutants/list.ts";
import type { Mutant } from "../../../packages/testkit/src/simulator/mutants/list.ts";
import type { Order, Part } from "./part.ts";

/** What a process must get in its environment to have a bug planted into it. */
export function controlVariables(bug: Omit<Mutant, "name">): Readonly<Record<string, string>> {
  const program = new URL("plant-control.ts", import.meta.url).href;
  return {
    NODE_OPTIONS: `${process.env["NODE_OPTIONS"] ?? ""} --import=${program}`,
    TREEHOUSE_TORTURE_CONTROL: JSON.stringify(bug),
  };
}

/**
 * Runs a part with the bug planted into this program and all servers that it starts. `sees` is what
 * it tells of it; `blind` what is wrong with the part, if it tells of nothing.
 */
export async function tryControl(
  { name, control }: Part,
  { seed, directory }: Order,
): Promise<{ readonly sees?: string; readonly blind?: string }> {
  if (control === undefined) return {};
  const temporary = join(directory, "control");
  mkdirSync(temporary);
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  const args = ["--only", name, "--count", String(control.count), "--seed", String(seed)];
  const child = spawn(process.execPath, [main, ...args, "--json", "--until-violation"], {
    // What it leaves, since it ends in the middle, goes with the part's own files.
    env: { ...process.env, ...controlVariables(control.bug), TMPDIR: temporary },
    stdio: ["ignore", "pipe", "pipe"],
    // Its servers are ended with it, as a group.
    detached: true,
  });
  let [said, errors] = ["", ""];
  child.stdout.on("data", (chunk) => (said += String(chunk)));
  child.stderr.on("data", (chunk) => (errors += String(chunk)));
  const [code] = await once(child, "exit");
  try {
    process.kill(-(child.pid ?? 0), "SIGKILL");
  } catch {
    // Nobody is left of it.
  }
  const last: unknown = JSON.parse(said.trim().split("\n").at(-1) || "{}");
  const { violations, text } = Object(last);
  if (code === 1 && violations > 0) return { sees: text ?? `${violations} violations` };
  const why = code === 0 ? "nothing was found: this looks at nothing" : `it ended with ${code}`;
  return { blind: `control, ${control.bug.name}: ${why} ${errors.slice(-2_000)}`.trim() };
}

/**
 * Senders are answered, and everybody hears of it, so long before the COMMIT that somebody is killed
 * between the two.
 */
export const answeredBeforeCommit: Mutant = {
  name: "answered before the COMMIT",
  file: "homeserver/src/platform/database/group-commit.ts",
  find: "    const from = env.monotonic();\n",
  replace: `    const from = env.monotonic();
    this.#answer(group, outcomes);
    for (const { handle } of outcomes) if (handle !== undefined) handle.callbacks.length = 0;
    await new Promise((resolve) => setTimeout(resolve, 40));
`,
};

/** Everybody comes back after the same time. */
export const allAtOnce: Mutant = {
  name: "all come back at once",
  file: "client-sdk/src/transport/connection.ts",
  find: "delay * (0.5 + jitter / 2)",
  replace: "delay + 0 * jitter",
};

/** SQLite's setting that brings nothing to the disk when a transaction commits. */
export const synchronousNormal: Mutant = {
  name: "synchronous=NORMAL",
  file: "homeserver/src/platform/database/open-database.ts",
  find: '["synchronous", "FULL", 2]',
  replace: '["synchronous", "NORMAL", 1]',
};

/** The same in the store of a client. */
export const storeSynchronousNormal: Mutant = {
  name: "synchronous=NORMAL in a client's store",
  file: "client-sdk/src/storage-sqlite/index.ts",
  find: 'wanted === "soon" ? "NORMAL" : "FULL"',
  replace: 'wanted === "soon" ? "NORMAL" : "NORMAL"',
};

/** A bug of the simulator's list. */
export function listed(name: string): Mutant {
  const found = mutants.find((one) => one.name === name);
  if (found === undefined) throw new Error(`There is no bug "${name}".`);
  return found;
}
