import { expect, test } from "vitest";
import { toHex } from "../bytes/index.ts";
import { parseClientUri } from "../identifiers/index.ts";
import { Refusal } from "../refusals/index.ts";
import { applyLeafChanges, rosterHash } from "./roster.ts";

const alice = parseClientUri("mimi://a.example/d/alice/aaaaaaaaaaaaaaaaaaaaaaaaaa");
const bob = parseClientUri("mimi://b.example/d/bob/bbbbbbbbbbbbbbbbbbbbbbbbba");

test("FED-206 leaf changes apply in their order, and the roster stays sorted by leaf", () => {
  const two = applyLeafChanges(
    [{ leaf: 3, client: alice }],
    [{ leaf: 1, client: bob, change: "added" }],
  );
  expect(two.map(({ leaf }) => leaf)).toEqual([1, 3]);
  const replaced = applyLeafChanges(two, [
    { leaf: 3, client: alice, change: "removed" },
    { leaf: 3, client: alice, change: "added" },
    { leaf: 1, client: bob, change: "removed" },
  ]);
  expect(replaced).toEqual([{ leaf: 3, client: alice }]);
});

test("FED-207 a change that does not fit the roster is refused and changes nothing", () => {
  const roster = [{ leaf: 0, client: alice }];
  for (const change of [
    { leaf: 0, client: bob, change: "added" as const },
    { leaf: 0, client: bob, change: "removed" as const },
    { leaf: 1, client: bob, change: "removed" as const },
  ]) {
    expect(() => applyLeafChanges(roster, [change])).toThrow(Refusal);
  }
  expect(roster).toEqual([{ leaf: 0, client: alice }]);
});

test("the hash depends on every leaf and client, and on nothing but the sorted roster", () => {
  const one = toHex(rosterHash([{ leaf: 0, client: alice }]));
  expect(toHex(rosterHash([{ leaf: 1, client: alice }]))).not.toBe(one);
  expect(toHex(rosterHash([{ leaf: 0, client: bob }]))).not.toBe(one);
  expect(toHex(rosterHash([]))).not.toBe(one);
  const unsorted = [
    { leaf: 1, client: bob },
    { leaf: 0, client: alice },
  ];
  expect(() => rosterHash(unsorted)).toThrow(RangeError);
});
