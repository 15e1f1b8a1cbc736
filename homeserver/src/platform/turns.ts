/** Lets what belongs to one key happen one after another, in the order in which it was asked for. */
export interface Turns<K> {
  take<T>(key: K, run: () => Promise<T>): Promise<T>;
}

export function createTurns<K>(): Turns<K> {
  const last = new Map<K, Promise<unknown>>();
  return {
    async take(key, run) {
      const before = last.get(key);
      const own = before === undefined ? run() : before.then(run, run);
      last.set(key, own);
      try {
        return await own;
      } finally {
        if (last.get(key) === own) last.delete(key);
      }
    },
  };
}
