/** Lets somebody wait until so many more things have happened. */
export function createProgress(): { step(): void; more(count: number): Promise<void> } {
  let waiting: { left: number; go: () => void } | undefined;
  return {
    step() {
      if (waiting === undefined) return;
      waiting.left -= 1;
      if (waiting.left <= 0) waiting.go();
    },
    more: (count) =>
      new Promise((resolve) => {
        waiting = {
          left: count,
          go: () => {
            waiting = undefined;
            resolve();
          },
        };
      }),
  };
}

export function passed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
