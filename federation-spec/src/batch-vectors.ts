import { makeItem } from "@treehouse/protocol";
import type { EntryDelivery } from "@treehouse/protocol";
import {
  alice,
  alicesClient,
  bob,
  bobsClient,
  incarnation,
  mls,
  octets,
  room,
  signedHead,
  time,
} from "./sample-values.ts";
import { signingKeys } from "./signing-keys.ts";
import { vectorOf } from "./vector-of.ts";

const entryAlone: EntryDelivery = {
  entry: octets(50),
  head: undefined,
  groupInfo: undefined,
  welcomes: [],
  introduction: undefined,
};
const introduction = {
  hubKey: signingKeys.hub.publicKey,
  roster: [
    { leaf: 0, client: alicesClient },
    { leaf: 2, client: bobsClient },
  ],
};
const entryWithAll: EntryDelivery = {
  entry: octets(50),
  head: signedHead,
  groupInfo: mls.groupInfo,
  welcomes: [{ clients: [bobsClient], welcome: mls.welcome }],
  introduction,
};
const request = {
  operation: "request",
  requester: alice,
  target: bob,
  room: undefined,
  note: "It is Alice – ¶",
  at: time,
} as const;

export const batchVectors = [
  vectorOf("EntryDelivery", "an entry alone", entryAlone),
  vectorOf("EntryDelivery", "the first entry of a follower", entryWithAll),
  vectorOf("Introduction", "a room of two", introduction),
  vectorOf("ConsentEntry", "request", request),
  vectorOf("ConsentEntry", "cancel", { ...request, operation: "cancel", note: "" }),
  vectorOf("ConsentEntry", "grant for one room", { ...request, operation: "grant", room }),
  vectorOf("ConsentEntry", "revoke", { ...request, operation: "revoke", note: "" }),
  vectorOf("UserDeleted", "deleted", { user: alice, deletedAt: time }),
  vectorOf("UserReset", "reset", { user: alice, resetAt: time, identityKey: octets(32) }),
  vectorOf("BatchItem", "entry", makeItem(10, { kind: "entry", ...entryAlone })),
  vectorOf("BatchItem", "consent", makeItem(11, { kind: "consent", entry: request })),
  vectorOf(
    "BatchItem",
    "deleted user",
    makeItem(12, { kind: "userDeleted", user: alice, deletedAt: time }),
  ),
  vectorOf("ClientRevoked", "revoked", { client: alicesClient, revokedAt: time }),
  vectorOf(
    "BatchItem",
    "revoked client",
    makeItem(14, { kind: "clientRevoked", client: alicesClient, revokedAt: time }),
  ),
  vectorOf(
    "BatchItem",
    "user who was reset",
    makeItem(15, { kind: "userReset", user: alice, resetAt: time, identityKey: octets(32) }),
  ),
  vectorOf("BatchItem", "gone", makeItem(13, { kind: "gone" })),
  vectorOf("BatchItem", "of a later version", { sequence: 13, kind: 200, body: octets(3) }),
  vectorOf("Batch", "empty batch", { incarnation, items: [], heads: [] }),
  vectorOf("Batch", "heads alone", { incarnation, items: [], heads: [signedHead] }),
  vectorOf("Batch", "items of each kind", {
    incarnation,
    items: [
      makeItem(9, { kind: "entry", ...entryWithAll }),
      makeItem(10, { kind: "consent", entry: request }),
      makeItem(11, { kind: "userDeleted", user: alice, deletedAt: time }),
      makeItem(12, { kind: "gone" }),
      makeItem(13, { kind: "clientRevoked", client: alicesClient, revokedAt: time }),
      { sequence: 14, kind: 200, body: octets(3) },
    ],
    heads: [signedHead],
  }),
  vectorOf("BatchAnswer", "all taken", { incarnation, next: 13, rejected: [] }),
  vectorOf("BatchAnswer", "two rejected", {
    incarnation,
    next: 1030,
    rejected: [
      { sequence: 9, code: "malformed" },
      { sequence: 12, code: "unsupported" },
    ],
  }),
];
