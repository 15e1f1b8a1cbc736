import { LIMITS, NONCE_START_BYTES, Refusal } from "@treehouse/protocol";
import type { Bytes, Env } from "@treehouse/protocol";

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

/**
 * Sets of 53 bits of each nonce, eight octets apiece, because a busy peer uses a million of them in
 * eleven minutes: of its end, which is always drawn (FED-1116). The slots are chosen by multipliers that
 * nobody else knows: who picks nonces cannot make them meet.
 */
export function createNonceWindow(env: Pick<Env, "monotonic" | "random">): NonceWindow {
  const [a, b] = multipliers(env.random(8));
  let tables: readonly Table[] = [];
  let began = env.monotonic();

  function age(): void {
    const passed = Math.floor((env.monotonic() - began) / generationMs);
    if (passed <= 0) return;
    began += passed * generationMs;
    const fresh = Array.from({ length: Math.min(passed, generations) }, () => new Table(a, b));
    tables = [...fresh, ...tables].slice(0, generations);
  }

  return {
    take(nonce) {
      age();
      const view = new DataView(nonce.buffer, nonce.byteOffset, nonce.byteLength);
      const high = view.getUint32(NONCE_START_BYTES) & 0x1f_ffff;
      const low = view.getUint32(NONCE_START_BYTES + 4);
      if (tables.some((table) => table.has(high, low))) {
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
      if (current === undefined) tables = [new Table(a, b), ...older];
      tables[0]?.add(high, low);
    },
    idle() {
      age();
      return tables.every(({ size }) => size === 0);
    },
  };
}

/** Open addressing over numbers below 2^53; 0 is an empty slot. */
class Table {
  readonly #a: number;
  readonly #b: number;
  #slots = new Float64Array(capacityMin);
  #size = 0;

  constructor(a: number, b: number) {
    this.#a = a;
    this.#b = b;
  }

  get size(): number {
    return this.#size;
  }

  has(high: number, low: number): boolean {
    return this.#slots[this.#find(high, low)] !== 0;
  }

  add(high: number, low: number): void {
    if (2 * (this.#size + 1) > this.#slots.length) this.#grow();
    const at = this.#find(high, low);
    if (this.#slots[at] !== 0) return;
    this.#slots[at] = valueOf(high, low);
    this.#size += 1;
  }

  /** The slot of the value, or the empty one in which it belongs. */
  #find(high: number, low: number): number {
    const value = valueOf(high, low);
    const mask = this.#slots.length - 1;
    const mixed = (Math.imul(this.#a, low) + Math.imul(this.#b, high)) >>> 0;
    // The high bits: only they depend on all that went in.
    let at = mixed >>> Math.clz32(mask);
    while (this.#slots[at] !== 0 && this.#slots[at] !== value) at = (at + 1) & mask;
    return at;
  }

  #grow(): void {
    const values = this.#slots.filter((value) => value !== 0);
    this.#slots = new Float64Array(2 * this.#slots.length);
    for (const value of values) {
      this.#slots[this.#find(Math.floor((value - 1) / 2 ** 32), (value - 1) % 2 ** 32)] = value;
    }
  }
}

/** Never 0, and below 2^53 + 1. */
function valueOf(high: number, low: number): number {
  return high * 2 ** 32 + low + 1;
}

function multipliers(random: Bytes): readonly [number, number] {
  const view = new DataView(random.buffer, random.byteOffset, random.byteLength);
  return [view.getUint32(0) | 1, view.getUint32(4) | 1];
}
