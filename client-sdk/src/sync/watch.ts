/** Looks after each frame whether what it waits for has come. */
export type Watcher = { look(): void; reject(reason: Error): void };

/** Resolves when the condition holds; rejects at once when nothing will come any more. */
export function watch(
  watchers: Set<Watcher>,
  over: Error | undefined,
  holds: () => Promise<boolean>,
): Promise<void> {
  if (over !== undefined) return Promise.reject(over);
  return new Promise((resolve, reject) => {
    const watcher: Watcher = {
      look() {
        holds().then(
          (done) => {
            if (!done) return;
            watchers.delete(watcher);
            resolve();
          },
          (error: unknown) => {
            watchers.delete(watcher);
            reject(error instanceof Error ? error : new Error(String(error)));
          },
        );
      },
      reject,
    };
    watchers.add(watcher);
    watcher.look();
  });
}
