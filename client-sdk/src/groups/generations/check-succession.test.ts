import { randomBytes } from "node:crypto";

import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import {
  type GenerationClaim,
  groupUriOf,
  mintClientUri,
  mintRoomUri,
  nextGeneration,
  parseDomain,
  ROLES,
  roomView,
  signGenerationClaim,
  template,
  userUri,
} from "@treehouse/protocol";
import { expect, test } from "vitest";

import { checkSuccession, type Successor } from "./check-succession.ts";

const crypto = createNodeCrypto({ random: (length) => new Uint8Array(randomBytes(length)) });
const octets = (octet: number) => (length: number) => new Uint8Array(length).fill(octet);
const [here, there] = [parseDomain("one.example"), parseDomain("two.example")];
const room = mintRoomUri(here, octets(1));
function person(name: string, leaf: number) {
  const user = userUri(there, name);
  const keys = crypto.generateSignatureKeyPair();
  return {
    leaf,
    user,
    client: mintClientUri(user, octets(leaf)),
    keys,
    identity: octets(leaf)(32),
  };
}
type One = ReturnType<typeof person>;
const [olga, omar, oda, mia] = [
  person("olga", 0),
  person("omar", 1),
  person("oda", 2),
  person("mia", 3),
];
const people = [olga, omar, oda, mia];
const [hubKey, nextKey] = [octets(7)(32), octets(8)(32)];

const state = {
  ...template("group", { founder: olga.user, hub: here, term: 1, hubKey }),
  assignments: [oda, olga, omar].map(({ user }) => ({ user, role: ROLES.owner })),
};
const view = roomView(state, people);
/** What this client holds, in epoch 8. */
const former = {
  group: groupUriOf(room, 0),
  epoch: 8,
  transcript: octets(9)(32),
  hubKey,
  term: 1,
  users: new Set(people.map(({ user }) => user)),
  view,
  keys: new Map(people.map(({ client, keys }) => [client, keys.publicKey])),
  identities: new Map(people.map(({ user, identity }) => [user, identity])),
};

function verdictOn(
  epoch: number,
  by: readonly One[],
  { signer = mia, forged = false, previous = former.group } = {},
): string {
  const claim: GenerationClaim = {
    previous,
    epoch,
    transcript: former.transcript,
    position: 20,
    hash: octets(3)(32),
    formerHub: here,
    hub: there,
    hubKey: nextKey,
    term: 2,
    reason: "hubGone",
  };
  const endorsements = by.map(({ client, keys }) =>
    signGenerationClaim(claim, client, (message) =>
      crypto.sign(forged ? mia.keys.privateKey : keys.privateKey, message),
    ),
  );
  const identity = { certificate: { identityKey: signer.identity } };
  const successor: Successor = {
    group: groupUriOf(room, 1),
    state: nextGeneration(view, { claim, endorsements }, olga.user),
    signer: { user: signer.user, identity },
  };
  try {
    checkSuccession({ member: { crypto, now: () => 0 } }, former, successor);
    return "believed";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const refused = "too few owners have said that the group follows this one";
const stranger = { ...mia, identity: octets(99)(32) };

test("FED-1136 T-20 in the epoch of the claim a client believes enough owners, and nobody else", () => {
  expect(verdictOn(8, [olga, omar])).toBe("believed");
  expect(verdictOn(8, [olga, omar], { signer: stranger })).toBe("believed");
  for (const by of [[olga], [olga, mia], [mia]]) expect(verdictOn(8, by)).toBe(refused);
  expect(verdictOn(8, [olga, omar], { forged: true })).toBe(refused);
});

test("FED-1136 T-20 a client that has seen more is not rolled back by a member and a hub", () => {
  for (const by of [[mia], [mia, mia]]) expect(verdictOn(7, by)).toBe(refused);
  expect(verdictOn(7, [olga, omar], { forged: true })).toBe(refused);
  expect(verdictOn(7, [olga], { signer: stranger })).toBe(refused);
  // The owners were others then: one of those of now, and somebody whom it knew.
  expect(verdictOn(7, [olga, mia])).toBe("believed");
  expect(verdictOn(7, [olga, omar], { signer: stranger })).toBe("believed");
});

test("FED-1136 who has missed something believes somebody whom it knew", () => {
  expect(verdictOn(9, [mia])).toBe("believed");
  expect(verdictOn(9, [mia], { signer: stranger })).toBe(refused);
  expect(verdictOn(9, [olga, omar], { signer: stranger })).toBe("believed");
  expect(verdictOn(3, [mia], { previous: groupUriOf(room, 3) })).toBe("believed");
});
