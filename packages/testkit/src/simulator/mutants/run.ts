import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Mutant } from "./list.ts";

/** What the simulator found of one mutant. */
export type Verdict = {
  readonly name: string;
  /** After so many seeds; undefined: it survived all of them. */
  readonly killedAt: number | undefined;
  readonly how: string;
};

/** A mutant that makes everything stand still is found by that. */
const mostMs = 15 * 60_000;

/** Runs seeds over the mutant in a process of its own until one fails. */
export async function runMutant(mutant: Mutant, seeds: number): Promise<Verdict> {
  const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(
    process.execPath,
    [
      "--import",
      path("register.ts"),
      path("../main.ts"),
      "--seeds",
      String(seeds),
      "--fail-fast",
      "--brief",
    ],
    {
      env: { ...process.env, NODE_OPTIONS: "", TREEHOUSE_SIM_MUTANT: mutant.name },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: mostMs,
    },
  );
  const parts = { out: "", err: "" };
  child.stdout.on("data", (part: Buffer) => (parts.out += part.toString()));
  child.stderr.on("data", (part: Buffer) => (parts.err += part.toString()));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  if (/was never loaded|does not hold it/.test(parts.err)) throw new Error(parts.err);
  if (code === 0) return { name: mutant.name, killedAt: undefined, how: "" };
  const last = parts.out.trim().split("\n").at(-1) ?? "";
  const known = /"seeds":(\d+)/.exec(last)?.[1];
  const how = /^ {2}(.*)$/m.exec(parts.out)?.[1] ?? parts.err.trim().split("\n")[0] ?? "it stops";
  return { name: mutant.name, killedAt: Number(known ?? 0), how: how.slice(0, 160) };
}
