import type { ChildProcess } from "node:child_process";

/** The processes of one demo: whatever happens, none of them outlives it. */
export interface Children {
  /** Answers the same child. */
  track<C extends ChildProcess>(child: C): C;
  /** SIGKILL to all that still run. Works in an exit handler too. */
  killAll(): void;
  /** How many still run. */
  running(): number;
}

export function createChildren(): Children {
  const alive = new Set<ChildProcess>();
  return {
    track(child) {
      alive.add(child);
      child.once("exit", () => alive.delete(child));
      child.once("error", () => alive.delete(child));
      return child;
    },
    killAll() {
      for (const child of alive) child.kill("SIGKILL");
    },
    running: () => alive.size,
  };
}
