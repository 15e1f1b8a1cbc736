import { concatBytes, LIMITS, Refusal } from "@treehouse/protocol";
import type { Bytes, Env } from "@treehouse/protocol";
import { sha256 } from "../platform/index.ts";

/** The nonces that one peer used lately. */
export interface NonceWindow {
  /** Remembers a nonce. Refuses "replayed" if it is known, "rateLimited" if there are too many. */
  take(nonce: Bytes): void;
  /** Whether nothing is remembered any more. */
  idle(): boolean;
}

/** Nonces are forgotten a quarter at a time, once the youngest of it is old enough. */
const generations = 4;
const generationMs = LIMITS.nonceKeptMs / (generations - 1);
const capacityMin = 64;
const keyBytes = 16;

/**
 * Sets of 53 bits of a hash of each nonce, eight octets apiece, because a busy peer uses a million of
 * them in eleven minutes. The hash has a key that nobody else knows: who picks nonces cannot make them
 * meet. At such traffic one is taken for another in two months, and its sender asks again.
 */
export function createNonceWindow(env: Pick<Env, "monotonic" | "random">): NonceWindow {
  const key = env.random(keyBytes);
  let tables: readonly Table[] = [];
  let began = env.monotonic();

  function age(): void {
    const passed = Math.floor((env.monotonic() - began) / generationMs);
    if (passed <= 0) return;
    began += passed * generationMs;
    const fresh = Array.from({ length: Math.min(passed, generations) }, () => new Table());
    tables = [...fresh, ...tables].slice(0, generations);
  }

  return {
    take(nonce) {
      age();
      const value = valueOf(sha256(concatBytes(key, nonce)));
      if (tables.some((table) => table.has(value))) {
        throw new Refusal("replayed", "this request was received before");
      }
      const count = tables.reduce((sum, table) => sum + table.size, 0);
      if (count >= LIMITS.noncesPerPeerMax) {
        throw new Refusal("rateLimited", "too many signed requests", {
          retryAfterMs: Math.ceil(began + generationMs - env.monotonic()),
          limitName: "noncesPerPeerMax",
          limit: LIMITS.noncesPerPeerMax,
        });
      }
      const [current, ...older] = tables;
      if (current === undefined) tables = [new Table(), ...older];
      tables[0]?.add(value);
    },
    idle() {
      age();
      return tables.every(({ size }) => size === 0);
    },
  };
}

/** Open addressing over whole numbers that were drawn evenly; 0 is an empty slot. */
class Table {
  #slots = new Float64Array(capacityMin);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(value: number): boolean {
    return this.#slots[this.#find(value)] !== 0;
  }

  add(value: number): void {
    if (2 * (this.#size + 1) > this.#slots.length) this.#grow();
    const at = this.#find(value);
    if (this.#slots[at] !== 0) return;
    this.#slots[at] = value;
    this.#size += 1;
  }

  /** The slot of the value, or the empty one in which it belongs. */
  #find(value: number): number {
    const { length } = this.#slots;
    let at = value % length;
    while (this.#slots[at] !== 0 && this.#slots[at] !== value) at = (at + 1) % length;
    return at;
  }

  #grow(): void {
    const values = this.#slots.filter((value) => value !== 0);
    this.#slots = new Float64Array(2 * this.#slots.length);
    for (const value of values) this.#slots[this.#find(value)] = value;
  }
}

/** Never 0, and not above 2^53, so that it is exact. */
function valueOf(hash: Bytes): number {
  const view = new DataView(hash.buffer, hash.byteOffset, hash.byteLength);
  return (view.getUint32(0) & 0x1f_ffff) * 2 ** 32 + view.getUint32(4) + 1;
}
