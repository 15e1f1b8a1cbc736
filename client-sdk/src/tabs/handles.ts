import { interrupted } from "./errors.ts";
import type { Path } from "./wire.ts";

/** What this end has handed over to the other one, by number. */
export interface Handles {
  /** `end` is called when the other end needs it no more. */
  add(value: unknown, end?: () => void): number;
  /** The function at a path in it. Throws `interrupted` for a number of another worker's. */
  find(ref: number, path: Path): (...args: readonly unknown[]) => unknown;
  release(refs: readonly number[]): void;
  close(): void;
}

/** `first`: where numbers begin, so that those of one worker are not taken for another's. */
export function createHandles(first: number): Handles {
  const kept = new Map<number, { readonly value: unknown; readonly end: () => void }>();
  let last = first;
  return {
    add(value, end = () => undefined) {
      last += 1;
      kept.set(last, { value, end });
      return last;
    },
    find(ref, path) {
      const handle = kept.get(ref);
      if (handle === undefined) throw interrupted();
      return functionAt(handle.value, path);
    },
    release(refs) {
      for (const ref of refs) {
        const handle = kept.get(ref);
        kept.delete(ref);
        handle?.end();
      }
    },
    close() {
      this.release([...kept.keys()]);
    },
  };
}

/** Only what an object has of its own can be called: nothing that all objects have. */
export function functionAt(root: unknown, path: Path): (...args: readonly unknown[]) => unknown {
  let found = root;
  for (const key of path) {
    const own = typeof found === "object" && found !== null && Object.hasOwn(found, key);
    found = own ? Reflect.get(Object(found), key) : undefined;
  }
  if (!isFunction(found)) throw new TypeError(`there is nothing to call at ${path.join(".")}`);
  return found;
}

export function isFunction(value: unknown): value is (...args: readonly unknown[]) => unknown {
  return typeof value === "function";
}
