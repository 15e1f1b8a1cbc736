import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openNodeStore } from "../../../../client-sdk/src/storage-sqlite/index.ts";
import { controlVariables, storeSynchronousNormal } from "../control.ts";
import type { Part } from "../part.ts";
import { straceMissing, underStrace } from "../strace.ts";
import { record } from "./disk.ts";
import { lossPart } from "./loss-part.ts";
import type { Recorded } from "./loss-part.ts";
import { fileCalls, hexText, readTrace, traceOptions } from "./trace.ts";

export const clientStorePowerLoss: Part = lossPart({
  name: "client-power-loss",
  about: "the same of a client's store",
  counts: { usual: 100, full: 2_000 },
  missing: straceMissing,
  record: (directory) => recordStore(directory, {}),
  control: (directory) => recordStore(directory, controlVariables(storeSynchronousNormal)),
});

const program = fileURLToPath(new URL("store-main.ts", import.meta.url));

async function recordStore(
  directory: string,
  variables: Readonly<Record<string, string>>,
): Promise<Recorded> {
  const folder = join(directory, "client");
  mkdirSync(directory, { recursive: true });
  const trace = join(directory, "trace");
  const under = underStrace(trace, fileCalls, [...traceOptions, "--seccomp-bpf"]);
  const [command, ...rest] = [...under, process.execPath, program, join(folder, "store")];
  const child = spawn(command, rest, { env: { ...process.env, ...variables } });
  let [output, errors] = ["", ""];
  child.stdout.on("data", (chunk) => (output += String(chunk)));
  child.stderr.on("data", (chunk) => (errors += String(chunk)));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`the store's process ended with ${String(code)}: ${errors}`);
  const acknowledged = output
    .trim()
    .split("\n")
    .map((line) => ({ what: line.split(" ")[0] ?? "", at: Number(line.split(" ")[1]) }));
  const recording = record(await readTrace(trace, hexText(directory)), directory);
  rmSync(trace);
  return {
    recording,
    acknowledgements: acknowledged.length,
    check(state, at) {
      const due = acknowledged.filter((each) => each.at <= at).map(({ what }) => what);
      return due.length === 0
        ? Promise.resolve([])
        : checkStore(join(state, "client", "store"), due);
    },
  };
}

/** What was acknowledged is there, nothing between is missing, and the store has its key. */
async function checkStore(path: string, due: readonly string[]): Promise<readonly string[]> {
  try {
    const random = (length: number) => new Uint8Array(length);
    const { database, key } = await openNodeStore(path, undefined, random);
    const violations: string[] = [];
    const rows = await database.transaction((tx) => tx.all("SELECT number FROM counted"));
    const damage = await database.transaction((tx) => tx.all("PRAGMA quick_check"));
    await database.close();
    const numbers = new Set(rows.map(({ number }) => Number(number)));
    for (const what of due) {
      if (!what.startsWith("key-") && !numbers.has(Number(what))) violations.push(`no row ${what}`);
    }
    if (Math.max(0, ...numbers) !== numbers.size) violations.push("a row between is missing");
    if (`key-${Buffer.from(key).toString("hex")}` !== due[0])
      violations.push("the key is another one");
    if (JSON.stringify(damage) !== '[{"quick_check":"ok"}]')
      violations.push(JSON.stringify(damage));
    return violations;
  } catch (error) {
    return [`it does not open: ${String(error)}`];
  }
}
