import type { HistorySegment } from "@treehouse/protocol";

import { alice, alicesClient, bob, bobsClient, octets, room, time } from "./sample-values.ts";
import { vectorOf } from "./vector-of.ts";

const place = { room: 0, acceptedAt: time } as const;

/** One row of each kind. */
export const historySegment: HistorySegment = {
  rooms: [{ room, template: "group", name: "Tea" }],
  rows: [
    {
      ...place,
      kind: "content",
      position: 3,
      sender: alicesClient,
      messageId: octets(32, 0x01),
      target: undefined,
      body: octets(40, 0x80),
    },
    {
      ...place,
      kind: "change",
      position: 4,
      sender: bobsClient,
      messageId: octets(32, 0x02),
      target: octets(32, 0x01),
      body: octets(30, 0x90),
    },
    {
      ...place,
      kind: "deleted",
      position: 5,
      sender: bobsClient,
      messageId: octets(32, 0x03),
      target: undefined,
      body: octets(0),
    },
    {
      ...place,
      kind: "withdrawn",
      position: 6,
      sender: bobsClient,
      messageId: octets(32, 0x04),
      target: octets(32, 0x03),
      body: octets(0),
    },
    {
      ...place,
      kind: "event",
      position: 7,
      sender: undefined,
      messageId: undefined,
      target: undefined,
      body: octets(20, 0xa0),
    },
  ],
};

const id = octets(16, 0x30);

export const historyVectors = [
  vectorOf("HistorySegment", "a room without rows", { rooms: historySegment.rooms, rows: [] }),
  vectorOf("HistorySegment", "a row of each kind", historySegment),
  vectorOf("HistorySegment", "nothing", { rooms: [], rows: [] }),
  vectorOf("HistoryGrant", "in the message", {
    to: [bob],
    position: 42,
    since: time,
    id,
    key: octets(32, 0x50),
    pieces: [{ kind: "inline", sealed: octets(60, 0x60) }],
  }),
  vectorOf("HistoryGrant", "an asset", {
    to: [alice, bob],
    position: 42,
    since: time,
    id,
    key: octets(32, 0x50),
    pieces: [{ kind: "asset", link: "a link" }],
  }),
  vectorOf("HistoryPlace", "of an archive", { kind: "archive", owner: alice, id, number: 7 }),
  vectorOf("HistoryPlace", "of a grant", { kind: "grant", owner: room, id, number: 0 }),
];
