import type { Env } from "@treehouse/protocol";
import { Assertion } from "../assertion.ts";

/** Fails promises of closures that are still pending when the event loop turns. */
export interface OverdueWatch {
  guard<T>(promise: PromiseLike<T>): Promise<T>;
}

/**
 * Closures await nothing but store calls, and those settle in microtasks. All microtasks run before
 * the event loop comes to the next callback; a closure pending then waits for something foreign,
 * with a transaction open.
 */
export function createOverdueWatch(env: Pick<Env, "soon">): OverdueWatch {
  const pending = new Set<(error: Assertion) => void>();
  let armed = false;

  function fire(): void {
    armed = false;
    const overdue = [...pending];
    pending.clear();
    for (const fail of overdue) {
      fail(new Assertion("A closure of the database awaited something other than its stores."));
    }
  }

  async function follow<T>(
    promise: PromiseLike<T>,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ): Promise<void> {
    try {
      resolve(await promise);
    } catch (error) {
      reject(error);
    } finally {
      pending.delete(reject);
    }
  }

  return {
    guard<T>(promise: PromiseLike<T>): Promise<T> {
      if (!armed) {
        armed = true;
        env.soon(fire);
      }
      return new Promise((resolve, reject) => {
        pending.add(reject);
        void follow(promise, resolve, reject);
      });
    },
  };
}

/** Whether a closure returned a promise, so that a synchronous one costs no turn of the queue. */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    typeof value === "object" &&
    value !== null &&
    "then" in value &&
    typeof value.then === "function"
  );
}
