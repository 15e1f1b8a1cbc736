import { peekMlsMessage } from "@treehouse/protocol";
import { openDifferential } from "../../../../mls/test/fuzz/differential.ts";
import { openDoors } from "../../../../mls/test/fuzz/doors.ts";
import type { Target } from "../target.ts";
import { named, split } from "./text.ts";

/** RFC 9420: MLS messages, KeyPackages, GroupInfos, Welcomes and trees. */
export const mlsTarget: Target = {
  name: "mls",
  dear: true,
  reads: "MLS messages, KeyPackages, GroupInfos, Welcomes and trees, at hub and member",
  async open(seed) {
    const doors = await openDoors(seed);
    return {
      seeds: Object.entries(doors).map(([name, { valid }]) => named(name, valid)),
      async judge(input) {
        const { name, reader, rest } = split(doors, input);
        await reader.enter(rest);
        return `${name} taken`;
      },
    };
  },
};

export const framingTarget: Target = {
  name: "mls-framing",
  reads: "the beginning of an MLS message, which a server looks at first",
  async open(seed) {
    const doors = await openDoors(seed);
    return {
      seeds: Object.values(doors).map(({ valid }) => valid),
      judge: (input) => peekMlsMessage(input).wireFormat,
    };
  },
};

/** T-16: a hub never takes what members refuse, as far as it can see, and never the other way round. */
export const handshakeTarget: Target = {
  name: "handshakes",
  dear: true,
  reads: "commits of a malicious member, signed again after each change: hub and members agree",
  async open(seed) {
    const { seeds, judge, decode, encode } = await openDifferential(seed);
    const bases = Object.fromEntries(seeds.map(({ from }) => [from, from]));
    return {
      seeds: seeds.map(({ from, commit }) => named(from, commit)),
      // The rule alone, the hub, and two members, who are loaded anew for what is taken.
      judges: 4,
      form: {
        decode(input) {
          const { name, rest } = split(bases, input);
          return { name, message: decode(rest) };
        },
        encode(value) {
          if (typeof value !== "object" || value === null) throw new TypeError("no commit");
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the encoder refuses the rest.
          const message = Reflect.get(value, "message") as Parameters<typeof encode>[0];
          return named(String(Reflect.get(value, "name")), encode(message));
        },
      },
      async judge(input) {
        const { reader: from, rest } = split(bases, input);
        return judge(from, rest);
      },
    };
  },
};
