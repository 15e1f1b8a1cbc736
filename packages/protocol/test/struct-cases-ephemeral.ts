import fc from "fast-check";
import type { PresenceState } from "../src/index.ts";
import {
  ephemeralAnswerCodec,
  ephemeralBatchCodec,
  ephemeralHeaderCodec,
  ephemeralMessageCodec,
  ephemeralPayloadCodec,
  groupUriOf,
  presenceCodec,
  typingCodec,
} from "../src/index.ts";
import {
  exactly,
  octets,
  roomArbitrary,
  several,
  textArbitrary,
  u32Arbitrary,
  u64Arbitrary,
} from "./arbitraries.ts";
import { structCase } from "./struct-case.ts";
import type { StructCase } from "./struct-case.ts";

const header = {
  group: fc
    .tuple(roomArbitrary, u32Arbitrary)
    .map(([room, generation]) => groupUriOf(room, generation)),
  epoch: u64Arbitrary,
  salt: exactly(16),
};
const versioned = { closedOctets: [0] };

export const ephemeralCases: readonly StructCase[] = [
  structCase("EphemeralHeader", ephemeralHeaderCodec, fc.record(header), versioned),
  structCase(
    "EphemeralMessage",
    ephemeralMessageCodec,
    fc.record({ ...header, ciphertext: octets({ min: 1 }) }),
    versioned,
  ),
  structCase(
    "EphemeralPayload",
    ephemeralPayloadCodec,
    fc.record({
      leaf: u32Arbitrary,
      sentAt: u64Arbitrary,
      mediaType: textArbitrary,
      content: octets(),
      signature: exactly(64),
      padding: fc.nat({ max: 300 }).map((length) => new Uint8Array(length)),
    }),
  ),
  structCase(
    "EphemeralBatch",
    ephemeralBatchCodec,
    fc.record({ entries: several(octets({ min: 1 })) }),
    versioned,
  ),
  structCase("EphemeralAnswer", ephemeralAnswerCodec, fc.constant({}), versioned),
  structCase("Typing", typingCodec, fc.record({ flags: fc.record({ on: fc.boolean() }) }), {
    closedOctets: [0, 1],
  }),
  structCase(
    "Presence",
    presenceCodec,
    fc.record({
      flags: fc.record({ asks: fc.boolean() }),
      state: fc.constantFrom<PresenceState>("online", "idle", "dnd"),
      activity: textArbitrary,
      activityUntil: u64Arbitrary,
    }),
    { closedOctets: [0, 1, 2] },
  ),
];
