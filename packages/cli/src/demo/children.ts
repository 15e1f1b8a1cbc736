import type { ChildProcess } from "node:child_process";

/** The processes of one demo: whatever happens, none of them outlives it. */
export interface Children {
  /** Answers the same child. */
  track<C extends ChildProcess>(child: C): C;
  /** SIGKILL to all that still run. Works in an exit handler too. */
  killAll(): void;
  /** Resolves when none runs any more by itself; rejects if that takes too long. */
  allEnded(): Promise<void>;
}

const patienceSeconds = 20;

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
    async allEnded() {
      const ends = [...alive].map(
        (child) => new Promise<void>((resolve) => child.once("close", () => resolve())),
      );
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          reject(new Error("a process did not end by itself"));
        }, patienceSeconds * 1000);
      });
      await Promise.race([Promise.all(ends), late]);
      clearTimeout(timer);
    },
  };
}
