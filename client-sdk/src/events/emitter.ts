export interface Events<E> {
  on<K extends keyof E>(name: K, listener: (value: E[K]) => void): () => void;
  emit<K extends keyof E>(name: K, value: E[K]): void;
}

/** `hears` is told of every event, before the listeners. */
export function createEvents<E>(
  hears: <K extends keyof E>(name: K, value: E[K]) => void = () => undefined,
): Events<E> {
  const listeners = new Map<keyof E, Set<(value: never) => void>>();
  const of = (name: keyof E): Set<(value: never) => void> => {
    let set = listeners.get(name);
    if (set === undefined) {
      set = new Set();
      listeners.set(name, set);
    }
    return set;
  };
  return {
    on(name, listener) {
      of(name).add(listener);
      return () => void of(name).delete(listener);
    },
    emit(name, value) {
      hears(name, value);
      for (const listener of of(name)) call(listener, value);
    },
  };
}

function call(listener: (value: never) => void, value: unknown): void {
  try {
    Reflect.apply(listener, undefined, [value]);
  } catch (error) {
    // The program's own fault is shown to it, and not mistaken for one of ours.
    queueMicrotask(() => {
      throw error;
    });
  }
}
