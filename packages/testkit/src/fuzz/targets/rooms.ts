import { decodeRoomState, encodeRoomState, equalBytes, fromHex } from "@treehouse/protocol";
import type { Target } from "../target.ts";
import { hexIn, valuesIn } from "./vectors.ts";

export const roomTarget: Target = {
  name: "room-state",
  reads: "the dictionary of a room's state",
  async open() {
    const states = valuesIn("room.json", "state").filter((state) => typeof state === "string");
    return {
      seeds: [...hexIn("room.json"), ...states.map(fromHex)],
      form: {
        decode: decodeRoomState,
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the encoder refuses the rest.
        encode: (value) => encodeRoomState(value as Parameters<typeof encodeRoomState>[0]),
      },
      judge(input) {
        const state = decodeRoomState(input);
        if (!equalBytes(encodeRoomState(state), input)) throw new Error("two encodings (FED-102)");
        return "taken";
      },
    };
  },
};
