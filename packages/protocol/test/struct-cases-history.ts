import fc from "fast-check";
import {
  type GrantPiece,
  historyGrantCodec,
  type HistoryRow,
  historyPlaceCodec,
  historySegmentCodec,
} from "../src/index.ts";
import {
  clientArbitrary,
  exactly,
  octets,
  roomArbitrary,
  textArbitrary,
  u64Arbitrary,
  userArbitrary,
} from "./arbitraries.ts";
import { structCase } from "./struct-case.ts";
import type { StructCase } from "./struct-case.ts";

const row: fc.Arbitrary<HistoryRow> = fc
  .record({
    kind: fc.constantFrom("content", "change", "deleted", "withdrawn", "event"),
    position: u64Arbitrary,
    acceptedAt: fc.nat(5),
    sender: clientArbitrary,
    messageId: exactly(32),
    target: exactly(32),
    body: octets({ min: 1 }),
  })
  .map(({ sender, messageId, target, body, ...rest }) => {
    const isEvent = rest.kind === "event";
    const isGone = rest.kind === "deleted" || rest.kind === "withdrawn";
    const isChange = rest.kind === "change" || rest.kind === "withdrawn";
    return {
      ...rest,
      room: 0,
      sender: isEvent ? undefined : sender,
      messageId: isEvent ? undefined : messageId,
      target: isChange ? target : undefined,
      body: isGone ? new Uint8Array() : body,
    };
  });

const rooms = fc.record({ room: roomArbitrary, template: textArbitrary, name: textArbitrary });

export const historyCases: readonly StructCase[] = [
  structCase(
    "HistorySegment",
    historySegmentCodec,
    fc.record({
      rooms: fc.uniqueArray(rooms, { minLength: 1, maxLength: 3, selector: ({ room }) => room }),
      rows: fc
        .array(row, { maxLength: 3 })
        .map((all) => all.toSorted((a, b) => a.acceptedAt - b.acceptedAt)),
    }),
    { closedOctets: [0] },
  ),
  structCase(
    "HistoryGrant",
    historyGrantCodec,
    fc.record({
      to: fc.array(userArbitrary, { minLength: 1, maxLength: 3 }),
      position: u64Arbitrary,
      since: u64Arbitrary,
      id: exactly(16),
      key: exactly(32),
      pieces: fc.array(
        fc.oneof(
          octets({ min: 1 }).map((sealed): GrantPiece => ({ kind: "inline", sealed })),
          textArbitrary.map((link): GrantPiece => ({ kind: "asset", link })),
        ),
        { maxLength: 3 },
      ),
    }),
    { closedOctets: [0] },
  ),
  structCase(
    "HistoryPlace",
    historyPlaceCodec,
    fc.record({
      kind: fc.constantFrom("archive", "backupSegment", "backupManifest", "transfer", "grant"),
      owner: userArbitrary,
      id: exactly(16),
      number: u64Arbitrary,
    }),
    { closedOctets: [0, 1] },
  ),
];
