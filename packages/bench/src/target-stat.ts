import { cpuMicroseconds, proportionalMemory } from "./process-stat.ts";
import type { Target } from "./target.ts";

/** CPU time of all processes of a target together, in microseconds. */
export function cpuOf(target: Pick<Target, "pids">): number {
  return target.pids().reduce((sum, pid) => sum + cpuMicroseconds(pid), 0);
}

/** Memory of all processes of a target together, in octets. */
export function memoryOf(target: Pick<Target, "pids">): number {
  return target.pids().reduce((sum, pid) => sum + proportionalMemory(pid), 0);
}
