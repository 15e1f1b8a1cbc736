import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Mutant } from "./list.ts";

/** What the simulator found of one mutant. */
export type Verdict = {
  readonly name: string;
  /** `none`: it took too long, on a busy machine or because everything stands still. */
  readonly verdict: "killed" | "survived" | "none";
  /** After so many seeds. */
  readonly seeds: number;
  readonly how: string;
};

const mostMs = 15 * 60_000;
/** All but one file is the same for each of them, and need not be compiled anew. */
const compiled = join(tmpdir(), "treehouse-sim-compiled");

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
      env: {
        ...process.env,
        NODE_OPTIONS: "",
        NODE_COMPILE_CACHE: compiled,
        TREEHOUSE_SIM_MUTANT: mutant.name,
      },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: mostMs,
    },
  );
  const parts = { out: "", err: "" };
  child.stdout.on("data", (part: Buffer) => (parts.out += part.toString()));
  child.stderr.on("data", (part: Buffer) => (parts.err += part.toString()));
  await once(child, "close");
  const { exitCode: code, signalCode: signal } = child;
  if (/was never loaded|does not hold it/.test(parts.err)) throw new Error(parts.err);
  const { name } = mutant;
  if (code === 0) return { name, verdict: "survived", seeds, how: "" };
  if (signal !== null) return { name, verdict: "none", seeds: 0, how: `ended by ${signal}` };
  const last = parts.out.trim().split("\n").at(-1) ?? "";
  const known = /"seeds":(\d+)/.exec(last)?.[1];
  const how = /^ {2}(.*)$/m.exec(parts.out)?.[1] ?? parts.err.trim().split("\n")[0] ?? "it stops";
  return { name, verdict: "killed", seeds: Number(known ?? 0), how: how.slice(0, 160) };
}
