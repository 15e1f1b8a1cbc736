import { type Bytes, concatBytes } from "@treehouse/protocol";
import type { Random } from "../random.ts";
import { FUZZ_LIMITS } from "./target.ts";

/** One change of octets. `others` are inputs from which parts are taken over. */
type Mutation = (input: Bytes, random: Random, others: readonly Bytes[]) => Bytes;

/** One to four changes, of which each meets the octets that the one before has left. */
export function mutate(input: Bytes, random: Random, others: readonly Bytes[]): Bytes {
  let changed = input;
  for (let left = random.integer(1, 4); left > 0; left -= 1) {
    changed = pick(mutations, random)(changed, random, others);
  }
  return changed.length > FUZZ_LIMITS.inputBytes
    ? changed.slice(0, FUZZ_LIMITS.inputBytes)
    : changed;
}

export function pick<T>(list: readonly T[], random: Random): T {
  const found = list[random.integer(0, list.length - 1)];
  if (found === undefined) throw new RangeError("nothing to choose from");
  return found;
}

/** Ends of ranges, signs, and the prefixes of lengths of RFC 9420 §2.1.2. */
const edges = [0, 1, 2, 3, 4, 0x20, 0x3f, 0x40, 0x7f, 0x80, 0xbf, 0xc0, 0xfe, 0xff];

const flipBit: Mutation = (input, random) =>
  replaced(input, place(input, random), (octet) => octet ^ (1 << random.integer(0, 7)));

const edgeOctet: Mutation = (input, random) =>
  replaced(input, place(input, random), () => pick(edges, random));

const nearOctet: Mutation = (input, random) =>
  replaced(input, place(input, random), (octet) => octet + pick([-1, 1, -16, 16], random));

const cut: Mutation = (input, random) => input.slice(0, place(input, random));

const added: Mutation = (input, random) =>
  spliced(input, place(input, random), 0, random.bytes(random.integer(1, 16)));

const repeated: Mutation = (input, random) => {
  const [from, length] = part(input, random);
  const copy = input.slice(from, from + length);
  const times = random.chance(0.05) ? random.integer(2, 64) : 1;
  return spliced(input, from, 0, concatBytes(...Array.from({ length: times }, () => copy)));
};

const removed: Mutation = (input, random) => {
  const [from, length] = part(input, random);
  return spliced(input, from, length, new Uint8Array(0));
};

const swapped: Mutation = (input, random) => {
  const [from, length] = part(input, random);
  const [to] = part(input, random);
  const [one, other] = [input.slice(from, from + length), input.slice(to, to + length)];
  const changed = input.slice();
  changed.set(one, to > input.length - one.length ? 0 : to);
  changed.set(other, from);
  return changed;
};

const takenOver: Mutation = (input, random, others) => {
  if (others.length === 0) return input;
  const other = pick(others, random);
  const [from, length] = part(other, random);
  const [at, instead] = part(input, random);
  return spliced(input, at, random.chance(0.5) ? instead : 0, other.slice(from, from + length));
};

/** A length and what it counts, changed together: the rest of the struct stays where it was. */
const resized: Mutation = (input, random) => {
  const at = place(input, random);
  const length = input[at] ?? 0;
  if (length >= 64 || at + 1 + length > input.length) return input;
  const wanted = pick([0, length - 1, length + 1, length * 2, 63], random);
  const size = Math.max(0, Math.min(63, wanted));
  const content = new Uint8Array(size);
  content.set(input.slice(at + 1, at + 1 + Math.min(size, length)));
  return spliced(input, at, 1 + length, Uint8Array.of(size, ...content));
};

/** A number of several octets at an edge. */
const edgeNumber: Mutation = (input, random) => {
  const size = pick([2, 4, 8], random);
  const octets = new Uint8Array(size).fill(pick([0, 0xff, 0x7f, 0x80], random));
  octets[random.chance(0.5) ? 0 : size - 1] = pick(edges, random);
  return spliced(input, place(input, random), size, octets);
};

const mutations = [
  flipBit,
  flipBit,
  edgeOctet,
  nearOctet,
  cut,
  added,
  repeated,
  removed,
  swapped,
  takenOver,
  takenOver,
  resized,
  resized,
  edgeNumber,
];

function place(input: Bytes, random: Random): number {
  return input.length === 0 ? 0 : random.integer(0, input.length - 1);
}

/** Most parts are short; a few are anything up to the whole. */
function part(input: Bytes, random: Random): readonly [from: number, length: number] {
  const from = place(input, random);
  const most = input.length - from;
  const length = random.chance(0.8)
    ? random.integer(0, Math.min(16, most))
    : random.integer(0, most);
  return [from, length];
}

function replaced(input: Bytes, at: number, change: (octet: number) => number): Bytes {
  const changed = input.slice();
  if (at < changed.length) changed[at] = change(changed[at] ?? 0);
  return changed;
}

function spliced(input: Bytes, at: number, instead: number, octets: Uint8Array): Bytes {
  return concatBytes(input.subarray(0, at), octets, input.subarray(at + instead));
}
