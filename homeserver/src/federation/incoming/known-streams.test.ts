import { parseDomain } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { createKnownStreams } from "./known-streams.ts";

const octets = (value: number) => new Uint8Array(16).fill(value);
const peer = (number: number) => parseDomain(`p${number}.example`);
const stream = (next: number) => ({ id: 7, next, newest: true });

test("FED-941 what is known of a stream is of its newest life, and moves with what is committed", () => {
  const known = createKnownStreams();
  const incarnation = octets(1);
  known.keep(peer(1), incarnation, stream(3));
  // What was read is a view of a request, whose octets are nobody's afterwards.
  incarnation.fill(9);
  known.moved(peer(1), stream(8));
  known.moved(peer(2), stream(5));
  known.keep(peer(1), octets(2), { ...stream(1), newest: false });
  expect(known.get(peer(1), octets(1))).toEqual(stream(8));
  expect(known.get(peer(1), octets(2))).toBeUndefined();
  expect(known.get(peer(2), octets(1))).toBeUndefined();
});

test("H-10 a thousand streams are remembered, the latest", () => {
  const known = createKnownStreams();
  for (let number = 1; number <= 1_001; number += 1) {
    known.keep(peer(number), octets(1), stream(number));
  }
  expect(known.get(peer(1), octets(1))).toBeUndefined();
  expect(known.get(peer(2), octets(1))).toEqual(stream(2));
  expect(known.get(peer(1_001), octets(1))).toEqual(stream(1_001));
});
