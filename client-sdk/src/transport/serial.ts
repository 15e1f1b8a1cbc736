/** Runs asynchronous steps one after another in the order in which they were asked for. */
export interface Serial {
  run<T>(step: () => Promise<T>): Promise<T>;
  /** Resolves when everything asked for so far has ended. */
  idle(): Promise<void>;
}

export function createSerial(): Serial {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run(step) {
      const next = last.then(step, step);
      last = next.catch(() => undefined);
      return next;
    },
    async idle() {
      await last;
    },
  };
}
