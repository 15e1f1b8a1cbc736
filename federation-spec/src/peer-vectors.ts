import {
  fromHex,
  parseDomain,
  userUri,
  signedClientListCodec,
  submitMessageRequestCodec,
  submitMessageResponseCodec,
  updateRequestCodec,
} from "@treehouse/protocol";
import { asset } from "./asset-vectors.ts";
import { entryVectors } from "./delivery-vectors.ts";
import { federationKey, nextFederationKey } from "./directory-samples.ts";
import { countersignedList } from "./identity-samples.ts";
import {
  alice,
  alicesClient,
  bob,
  bobsClient,
  mls,
  octets,
  room,
  signedHead,
  time,
} from "./sample-values.ts";
import { signingKeys } from "./signing-keys.ts";
import { vectorOf } from "./vector-of.ts";

const update = updateRequestCodec.encode({ kind: "proposal", proposals: [mls.proposal] });
const submission = {
  room,
  client: bobsClient,
  request: submitMessageRequestCodec.encode({
    ephemeral: false,
    message: mls.message,
    sendingUri: bob,
  }),
};
const answered = {
  status: "answered",
  response: submitMessageResponseCodec.encode({
    status: "accepted",
    acceptedAt: time,
    position: 43,
    frank: undefined,
  }),
} as const;
const refused = {
  status: "refused",
  code: "epochTooOld",
  detail: "the message's epoch is over",
  currentEpoch: 8,
  retryAfterMs: undefined,
  hub: undefined,
} as const;
const entries = entryVectors
  .filter(({ struct }) => struct === "Entry")
  .slice(0, 2)
  .map(({ hex }) => fromHex(hex));

export const peerVectors = [
  vectorOf("ForwardedRequest", "an update", { client: bobsClient, request: update }),
  vectorOf("SubmissionBatch", "no message", { items: [] }),
  vectorOf("SubmissionBatch", "two messages", {
    items: [submission, { ...submission, client: alicesClient }],
  }),
  vectorOf("SubmissionAnswers", "no answer", { answers: [] }),
  vectorOf("SubmissionAnswers", "every kind of answer", {
    answers: [
      answered,
      refused,
      { ...refused, code: "rateLimited", currentEpoch: undefined, retryAfterMs: 500 },
      { ...refused, code: "roomMoved", currentEpoch: undefined, hub: parseDomain("b.example") },
    ],
  }),
  vectorOf("TreeRequest", "tree", { client: bobsClient, epoch: 7 }),
  vectorOf("LeaveRequest", "leave", { client: bobsClient, leaver: "user" }),
  vectorOf("LeaveRequest", "unseen client", { client: bobsClient, leaver: "unseenClient" }),
  vectorOf("LeaveResponse", "no leaf", { leaves: [] }),
  vectorOf("LeaveResponse", "two leaves", { leaves: [2, 70_000] }),
  vectorOf("EventsRequest", "from the first on", {
    after: 0,
    limit: 256,
    flags: { introduce: false },
  }),
  vectorOf("EventsRequest", "with an introduction", {
    after: 42,
    limit: 1,
    flags: { introduce: true },
  }),
  vectorOf("EventsResponse", "nothing", {
    oldest: 43,
    last: 42,
    entries: [],
    head: undefined,
    introduction: undefined,
  }),
  vectorOf("EventsResponse", "two entries and the head", {
    oldest: 41,
    last: 42,
    entries,
    head: signedHead,
    introduction: undefined,
  }),
  vectorOf("HubOfferRequest", "a member asks", { client: bobsClient }),
  vectorOf("HubOffer", "the word of a server", {
    hub: parseDomain("b.example"),
    hubKey: new Uint8Array(32).fill(5),
    term: 3,
    consent: { notAfter: 1_767_225_600_000, signature: new Uint8Array(64).fill(6) },
  }),
  vectorOf("TakeOverRequest", "what a hub hands over", {
    groupInfo: Uint8Array.of(1, 2),
    ratchetTree: Uint8Array.of(3),
    removals: [
      { leaf: 2, flags: { held: false } },
      { leaf: 5, flags: { held: true } },
    ],
    ranges: [
      { peer: parseDomain("a.example"), since: 1, until: undefined },
      { peer: parseDomain("c.example"), since: 4, until: 9 },
    ],
    linkUses: [
      { position: 5, link: new Uint8Array(32).fill(9), owedTo: undefined },
      {
        position: 7,
        link: new Uint8Array(32).fill(9),
        owedTo: userUri(parseDomain("a.example"), "bob"),
      },
    ],
  }),
  vectorOf("TakeOverResponse", "ready", {}),
  vectorOf("StandingRequest", "standing", {}),
  vectorOf("StandingResponse", "before the first entry", {
    position: 0,
    hash: new Uint8Array(32),
    head: undefined,
    groupInfo: undefined,
  }),
  vectorOf("StandingResponse", "with a head", {
    position: 42,
    hash: octets(32, 0x11),
    head: signedHead,
    groupInfo: mls.groupInfo,
  }),
  vectorOf("IdentifierRequest", "a user", { user: alice }),
  vectorOf("IdentifierResponse", "found", {
    status: "success",
    clientList: signedClientListCodec.encode(countersignedList),
    countersigners: [{ kid: "2026-1", key: signingKeys.server.publicKey }],
  }),
  vectorOf("IdentifierResponse", "not found", { status: "notFound" }),
  vectorOf("IdentifierResponse", "forbidden", { status: "forbidden" }),
  vectorOf("ClientListsRequest", "behind a version", { user: alice, after: 7 }),
  vectorOf("ClientListsResponse", "none", { lists: [] }),
  vectorOf("ClientListsResponse", "one list", {
    lists: [signedClientListCodec.encode(countersignedList)],
  }),
  vectorOf("AssetRequest", "for somebody in a room", {
    asset,
    claim: { kind: "room", room },
    offset: 1_048_576,
    length: 1_048_576,
  }),
  vectorOf("AssetRequest", "with a secret", {
    asset,
    claim: { kind: "bearer", secret: octets(32, 0x30) },
    offset: 0,
    length: 1,
  }),
  vectorOf("AssetResponse", "some octets", { size: 1_048_604, octets: octets(28) }),
  vectorOf("AssetResponse", "behind the end", { size: 28, octets: octets(0) }),
  vectorOf("AssetsForgotten", "one asset", { assets: [asset] }),
  vectorOf("AssetsForgottenAnswer", "heard", {}),
  vectorOf("FederationKey", "a first key", federationKey),
  vectorOf("FederationKey", "a key that ends", nextFederationKey),
];
