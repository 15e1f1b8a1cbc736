import { Refusal } from "@treehouse/protocol";
import type { Target } from "../target.ts";

const held: Uint8Array[] = [];

function planted(name: string, judge: (input: Uint8Array) => string): Target {
  return {
    name,
    reads: "planted",
    open: async () => ({ seeds: [new Uint8Array(8)], judge }),
  };
}

/** Every step is a block of its own, which tells whoever counts blocks that it is on the right way. */
function climb(input: Uint8Array): string {
  if (input[0] === 0x40) {
    if (input[1] === 0x20) {
      if (input[2] === 0x10) {
        throw new TypeError("the top of the stairs");
      }
      return "ground";
    }
    return "ground";
  }
  return "ground";
}

/** Readers with a bug each, by which the fuzzer itself is tested. */
export const targets: readonly Target[] = [
  planted("stairs", climb),
  planted("refusing", (input) => {
    if (input[0] === 0) throw new Refusal("malformed", "nothing");
    return "taken";
  }),
  planted("slow", (input) => {
    const begin = process.threadCpuUsage();
    const microseconds = input[0] === 0 ? 0 : 120_000;
    while (process.threadCpuUsage(begin).user < microseconds);
    return "taken";
  }),
  planted("hoarding", () => {
    held.push(new Uint8Array(1024 * 1024 * 70));
    if (held.length > 3) held.length = 0;
    return "taken";
  }),
  planted("endless", (input) => {
    while ((input[0] ?? 0) > 0);
    return "taken";
  }),
];
