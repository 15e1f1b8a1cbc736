import type { Bytes } from "@treehouse/protocol";
import type { Random } from "../random.ts";
import { mutate, pick } from "./mutate.ts";

/** A place in a value that can hold another one. */
type Slot = { readonly container: object; readonly key: unknown; readonly value: unknown };

/**
 * Changes a decoded value in one to three places, and leaves its form in most cases: numbers at
 * edges, lists with an element more or less, a part of another value in the same place.
 */
export function vary(value: unknown, random: Random, others: readonly unknown[]): unknown {
  const root = { value: copyOf(value) };
  for (let left = random.integer(1, 3); left > 0; left -= 1) {
    const slot = pick(slotsOf(root), random);
    const { value: before } = slot;
    put(slot, random.chance(0.25) ? foreign(before, random, others) : changed(before, random));
  }
  return root.value;
}

/** Every place below the container, as far as a walk of some hundred steps comes. */
function slotsOf(root: object): readonly Slot[] {
  const slots: Slot[] = [];
  const open: unknown[] = [root];
  for (let next = open.pop(); next !== undefined && slots.length < 400; next = open.pop()) {
    if (typeof next !== "object" || next === null || next instanceof Uint8Array) continue;
    const container = next;
    const entries = container instanceof Map ? container : Object.entries(container);
    for (const [key, value] of entries) {
      slots.push({ container, key, value });
      open.push(value);
    }
  }
  return slots;
}

function put({ container, key }: Slot, value: unknown): void {
  if (container instanceof Map) container.set(key, value);
  else Reflect.set(container, String(key), value);
}

/** Octets are shared: they are never changed in their place. */
function copyOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(copyOf);
  if (value instanceof Map) return new Map([...value].map(([key, one]) => [key, copyOf(one)]));
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, copyOf(one)]));
}

/** A part of another value of the same kind. */
function foreign(value: unknown, random: Random, others: readonly unknown[]): unknown {
  if (others.length === 0) return changed(value, random);
  const kind = kindOf(value);
  const same = slotsOf({ value: pick(others, random) }).filter(
    (slot) => kindOf(slot.value) === kind,
  );
  return same.length === 0 ? changed(value, random) : copyOf(pick(same, random).value);
}

function kindOf(value: unknown): string {
  if (value instanceof Uint8Array) return "octets";
  return Array.isArray(value) ? "list" : typeof value;
}

const numbers = [
  0,
  1,
  2,
  63,
  64,
  255,
  256,
  16_383,
  16_384,
  65_535,
  65_536,
  2 ** 30,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  Number.MAX_SAFE_INTEGER,
];
const texts = ["", "x", "__proto__", "\u{10ffff}", "e\u0301", "a/../b", "\ud800", "mimi://", "*"];

function changed(value: unknown, random: Random): unknown {
  if (value instanceof Uint8Array) return octets(new Uint8Array(value), random);
  if (Array.isArray(value)) return list(value, random);
  if (value instanceof Map) return map(value, random);
  if (typeof value === "number") {
    return random.chance(0.5) ? value + pick([-1, 1], random) : pick(numbers, random);
  }
  if (typeof value === "bigint")
    return random.chance(0.5) ? value + 1n : BigInt(pick(numbers, random));
  if (typeof value === "boolean") return !value;
  if (typeof value === "string") return text(value, random);
  if (value === undefined) return random.bytes(random.integer(0, 40));
  return pick([undefined, null, 0, "", []], random);
}

function octets(value: Bytes, random: Random): Bytes {
  const { length } = value;
  switch (random.integer(0, 4)) {
    case 0:
      return new Uint8Array(length);
    case 1:
      return random.bytes(length);
    case 2:
      return random.bytes(pick([0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 1_000, 70_000], random));
    default:
      return mutate(value, random, []);
  }
}

function list(values: readonly unknown[], random: Random): readonly unknown[] {
  const at = random.integer(0, Math.max(0, values.length - 1));
  switch (random.integer(0, 4)) {
    case 0:
      return values.toSpliced(at, 1);
    case 1:
      return values.toReversed();
    case 2:
      return [];
    case 3:
      return Array.from({ length: random.integer(1, 300) }, () => values[at]);
    default:
      return values.length === 0 ? values : values.toSpliced(at, 0, values[at]);
  }
}

function map(values: ReadonlyMap<unknown, unknown>, random: Random): Map<unknown, unknown> {
  const entries = [...values];
  if (random.chance(0.5)) return new Map(list(entries, random).filter(isEntry));
  return new Map([...entries, [pick([...numbers, ...texts], random), entries[0]?.[1] ?? null]]);
}

function isEntry(value: unknown): value is [unknown, unknown] {
  return Array.isArray(value);
}

function text(value: string, random: Random): string {
  const at = random.integer(0, value.length);
  switch (random.integer(0, 4)) {
    case 0:
      return pick(texts, random);
    case 1:
      return value.slice(0, at);
    case 2:
      return value.slice(0, at) + String.fromCodePoint(random.integer(1, 0x2fff)) + value.slice(at);
    case 3:
      return value.repeat(random.integer(2, 40)).slice(0, 20_000);
    default:
      return value.slice(0, at) + pick(texts, random) + value.slice(at);
  }
}
