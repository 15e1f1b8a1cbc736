import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const ticksPerSecond = 100;
const pageBytes = 4096;

/** CPU time of a process with all its threads, in microseconds (Linux). */
export function cpuMicroseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1e6;
}

/** Memory that is the process's own, shared parts divided, in octets (Linux). */
export function proportionalMemory(pid: number): number {
  const line = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"));
  return Number(line?.[1] ?? Number.NaN) * 1024;
}

/** Memory that is resident, shared parts included, in octets (Linux): quick to ask for. */
export function residentMemory(pid: number): number {
  const [, pages = "0"] = readFileSync(`/proc/${pid}/statm`, "utf8").split(" ");
  return Number(pages) * pageBytes;
}

/** Ties a process to one core, so that server and generator do not share. False: not possible. */
export function pin(pid: number, core: number): boolean {
  try {
    execFileSync("taskset", ["-a", "-cp", String(core), String(pid)], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
