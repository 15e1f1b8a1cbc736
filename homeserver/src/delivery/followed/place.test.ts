import { mintRoomUri, parseDomain } from "@treehouse/protocol";
import type { Entry, SignedHead } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { contradicts, placeOf } from "./place.ts";
import type { PlaceQuestion } from "./place.ts";

const octets = (value: number) => new Uint8Array(32).fill(value);
const room = mintRoomUri(parseDomain("hub.example"), (length) => new Uint8Array(length));
const head = { term: 2, epoch: 3, position: 5, hash: octets(5), seen: 5, frozen: false };
const newest: SignedHead["head"] = {
  room,
  generation: 0,
  term: 2,
  position: 7,
  hash: octets(7),
  epoch: 3,
  treeHash: octets(1),
};
const signed: SignedHead = { head: newest, signature: new Uint8Array(64) };

function ask(change: Partial<Entry>, question: Partial<PlaceQuestion> = {}) {
  const entry: Entry = Object.assign(
    {
      kind: "application" as const,
      ephemeral: false,
      room,
      generation: 0,
      term: 2,
      position: 6,
      previous: octets(5),
      acceptedAt: 0,
      message: octets(0),
      frank: undefined,
    },
    change,
  );
  return { entry, hash: octets(6), holes: false, proof: undefined, ...question };
}

test("FED-950 FED-951 an entry is known, next, ahead or behind a hole", () => {
  const room5 = { head, newest: undefined };
  expect(placeOf(room5, ask({}))).toEqual({ kind: "next" });
  expect(placeOf(room5, ask({ position: 5 }))).toEqual({ kind: "known" });
  expect(placeOf(room5, ask({ position: 8 }))).toEqual({ kind: "ahead" });
  expect(placeOf(room5, ask({ position: 8 }, { holes: true }))).toEqual({ kind: "behindHole" });
  expect(placeOf(room5, ask({ previous: octets(9) }))).toEqual({ kind: "forked" });
});

test("FED-952 an entry that is another one than a signed head says is a fork", () => {
  const there = { position: 7, previous: octets(6) };
  const at6 = { head: { ...head, position: 6, hash: octets(6) }, newest };
  expect(placeOf(at6, ask(there, { hash: octets(7) }))).toEqual({ kind: "next" });
  expect(placeOf(at6, ask(there, { hash: octets(8) }))).toEqual({ kind: "forked" });
});

test("FED-955 FED-956 a head alone raises the term, and what is asked for may be of before it", () => {
  const raised = { head, newest: { ...newest, term: 3, position: 99 } };
  expect(placeOf(raised, ask({}))).toEqual({ kind: "stale" });
  expect(placeOf(raised, ask({}, { holes: true }))).toEqual({ kind: "next" });
  expect(placeOf(raised, ask({ term: 1 }, { holes: true }))).toEqual({ kind: "stale" });
});

test("FED-956 FED-957 a new term needs a proof, and what may be missing before it is asked for", () => {
  const at = { head, newest: undefined };
  const step = { kind: "tombstone" as const, reason: 3, replaced: octets(4), term: 3 };
  const named = (detail: string) => ({ ...step, position: 100, previous: octets(4), detail });
  expect(placeOf(at, ask(named("4")))).toEqual({ kind: "stale" });
  const proof = { proof: signed };
  expect(placeOf(at, ask(named("4"), proof))).toEqual({ kind: "behindStep", ...proof });
  expect(placeOf(at, ask(named("6"), proof))).toEqual({ kind: "ahead" });
  expect(placeOf(at, ask(named(""), proof))).toEqual({ kind: "ahead" });
  expect(placeOf(at, ask(named("6"), { ...proof, holes: true }))).toEqual({
    kind: "behindStep",
    ...proof,
  });
});

test("FED-211 heads of one place that differ anywhere prove a fork", () => {
  expect(contradicts(newest, { ...newest })).toBe(false);
  for (const change of [{ hash: octets(8) }, { epoch: 4 }, { treeHash: octets(2) }]) {
    expect(contradicts(newest, { ...newest, ...change })).toBe(true);
    for (const place of [{ term: 3 }, { position: 8 }, { generation: 1 }]) {
      expect(contradicts(newest, { ...newest, ...change, ...place })).toBe(false);
    }
  }
});
