import type { CommitResult, GroupMember } from "@treehouse/mls/member";
import {
  encodeLeafLifetime,
  groupUriOf,
  LEAF_LIFETIME_COMPONENT,
  mintClientUri,
  mintRoomUri,
  parseDomain,
  roomView,
  template,
  userOfClient,
  userUri,
} from "@treehouse/protocol";
import { expect, test } from "vitest";

import { absenceOf } from "./away-too-long.ts";

const domain = parseDomain("example.org");
const octets = (octet: number) => (length: number) => new Uint8Array(length).fill(octet);
const [alice, bob] = [userUri(domain, "alice"), userUri(domain, "bob")];
const [phone, laptop, bobs] = [
  mintClientUri(alice, octets(1)),
  mintClientUri(alice, octets(2)),
  mintClientUri(bob, octets(3)),
];
const room = mintRoomUri(domain, octets(4));
type Placed = Pick<GroupMember, "leaf" | "client" | "user">;
const placed = [phone, laptop, bobs].map((client, leaf) => ({
  leaf,
  client,
  user: userOfClient(client),
}));

/** What becomes of the phone when a commit of Bob's takes out these leaves. */
function outcome(
  removed: readonly number[],
  options: { days?: number; due?: readonly number[]; listed?: boolean } = {},
) {
  const { days = 90, due = removed, listed = true } = options;
  const state = template("group", { founder: bob, hub: domain, term: 1 });
  const waits = { component: LEAF_LIFETIME_COMPONENT, data: encodeLeafLifetime(days) };
  const before = {
    view: roomView({ ...state, otherComponents: days === 0 ? [] : [waits] }, placed),
    pendingRemovals: due,
    group: groupUriOf(room, 0),
    epoch: 7,
  };
  const gone = placed.filter(({ leaf }) => removed.includes(leaf));
  const result: CommitResult = {
    committer: { leaf: 2, client: bobs },
    external: false,
    added: [],
    removed: gone,
    removedSelf: removed.includes(0),
    roomStateChanged: false,
    authenticatedData: new Uint8Array(),
  };
  const self = { client: phone, listed: new Set(listed ? [phone, laptop] : [laptop]) };
  const former: readonly Placed[] = placed;
  return absenceOf(self, before, former, result);
}

test("FED-1152 a client that was away comes back where another one of its user is in", () => {
  expect(outcome([0])).toBe("comesBack");
  expect(outcome([0, 1])).toBe("mustBeAdded");
});

test("FED-1152 who was thrown out, revoked, or is still in does not come back by that", () => {
  expect(outcome([0], { due: [] })).toBeUndefined();
  expect(outcome([0], { listed: false })).toBeUndefined();
  expect(outcome([0], { days: 0 })).toBeUndefined();
  expect(outcome([1])).toBeUndefined();
});
