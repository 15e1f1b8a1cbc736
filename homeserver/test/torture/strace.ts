import { spawnSync } from "node:child_process";

/** Why nothing can be done to the system calls of a process here; undefined if it can. */
export function straceMissing(): string | undefined {
  const args = ["-D", "-f", "-qq", "-o", "/dev/null", "-e", "inject=fsync:error=EIO"];
  const { error, status, stderr } = spawnSync("strace", [...args, process.execPath, "--version"]);
  if (error !== undefined) return "strace is not installed";
  return status === 0 ? undefined : `strace cannot work here: ${String(stderr).trim()}`;
}

/**
 * Runs a program in its own process while another one watches the calls that are named. (With
 * `--seccomp-bpf` it would cost less, but signals are not injected then.)
 */
export function underStrace(
  output: string,
  calls: readonly string[],
  more: readonly string[] = [],
): readonly string[] {
  const trace = `trace=${calls.join(",")}`;
  return ["strace", "-D", "-f", "-qq", "-o", output, "-e", trace, ...more];
}

/** What happens at the `at`-th of these calls that a thread makes to one of these files. */
export function injection(
  calls: readonly string[],
  what: string,
  at: number,
  paths: readonly string[],
): readonly string[] {
  const inject = `inject=${calls.join(",")}:${what}:when=${at}`;
  return ["-e", inject, ...paths.flatMap((path) => ["-P", path])];
}
