import fc from "fast-check";
import type { Entry, InboxEntry, UpdateRequest, UpdateRoomResponse } from "../src/index.ts";
import {
  acknowledgementCodec,
  applyLeafChanges,
  clientFrameCodec,
  cursorCodec,
  entriesPageCodec,
  entryCodec,
  firstPrevious,
  foundRoomRequestCodec,
  foundRoomResponseCodec,
  frankCodec,
  headCodec,
  inboxEntryCodec,
  keyPackageUploadCodec,
  leafChangeCodec,
  rosterCodec,
  serverFrameCodec,
  signedHeadCodec,
  submitMessageRequestCodec,
  submitMessageResponseCodec,
  treeResponseCodec,
  updateRequestCodec,
  updateRoomResponseCodec,
} from "../src/index.ts";
import {
  claimArbitrary,
  clientArbitrary,
  countArbitrary,
  domainArbitrary,
  endorsementArbitrary,
  exactly,
  frankArbitrary,
  healthReportArbitrary,
  maybe,
  octets,
  placeArbitrary,
  roomArbitrary,
  several,
  signedHeadArbitrary,
  streamArbitrary,
  submitRequestArbitrary,
  textArbitrary,
  u32Arbitrary,
  u64Arbitrary,
  u8Arbitrary,
} from "./arbitraries.ts";
import { ephemeralCases } from "./struct-cases-ephemeral.ts";
import { federationCases } from "./struct-cases-federation.ts";
import { historyCases } from "./struct-cases-history.ts";
import { identityCases } from "./struct-cases-identity.ts";
import { requestCases } from "./struct-cases-requests.ts";
import { structCase } from "./struct-case.ts";
import type { StructCase } from "./struct-case.ts";

const handshake = octets({ min: 1 });
const leafChange = fc.record({
  leaf: u32Arbitrary,
  client: clientArbitrary,
  change: fc.constantFrom("added" as const, "removed" as const),
});
const roster = fc
  .uniqueArray(fc.record({ leaf: u32Arbitrary, client: clientArbitrary }), {
    selector: ({ leaf }) => leaf,
    maxLength: 4,
  })
  .map((entries) =>
    applyLeafChanges(
      [],
      entries.map((one) => ({ ...one, change: "added" })),
    ),
  );

const entry: fc.Arbitrary<Entry> = placeArbitrary.chain((place) => {
  const header = { ...place, ephemeral: false };
  const passing = { ...place, ephemeral: true, position: 0, previous: firstPrevious };
  return fc.oneof(
    fc
      .record({ message: handshake, frank: maybe(frankArbitrary) })
      .chain((body) => fc.constantFrom({ ...header, ...body }, { ...passing, ...body }))
      .map((body) => ({ ...body, kind: "application" as const })),
    fc
      .record({
        epoch: u64Arbitrary,
        leafChanges: several(leafChange),
        rosterHash: exactly(32),
        commit: handshake,
        externalProposals: several(handshake),
      })
      .map((body) => ({ ...header, ...body, kind: "commit" as const })),
    several(handshake, 1).map((proposals) => ({ ...header, kind: "proposal" as const, proposals })),
    fc
      .record({
        voided: u64Arbitrary,
        epoch: u64Arbitrary,
        leafChanges: several(leafChange),
        rosterHash: exactly(32),
        faults: fc.array(healthReportArbitrary, { minLength: 2, maxLength: 8 }),
      })
      .map((body) => ({ ...header, ...body, kind: "void" as const })),
    healthReportArbitrary.map((report) => ({ ...header, kind: "report" as const, report })),
    fc
      .record({ reason: u8Arbitrary, replaced: exactly(32), detail: textArbitrary })
      .map((body) => ({ ...header, ...body, kind: "tombstone" as const })),
  );
});

const updateRequest: fc.Arbitrary<UpdateRequest> = fc.oneof(
  fc.record({
    kind: fc.constant("commit" as const),
    commit: handshake,
    welcome: maybe(handshake),
    groupInfo: handshake,
    firstMessage: maybe(submitRequestArbitrary),
  }),
  fc.record({ kind: fc.constant("proposal" as const), proposals: several(handshake, 1) }),
  fc.record({ kind: fc.constant("report" as const), report: healthReportArbitrary }),
  fc.record({
    kind: fc.constant("claim" as const),
    hub: domainArbitrary,
    endorsement: maybe(endorsementArbitrary),
  }),
  fc.record({
    kind: fc.constant("generation" as const),
    groupInfo: handshake,
    ratchetTree: handshake,
  }),
);

const explanation = { reason: textArbitrary, description: textArbitrary };
const updateRoomResponse: fc.Arbitrary<UpdateRoomResponse> = fc.oneof(
  fc.record({
    code: fc.constant("success" as const),
    acceptedAt: u64Arbitrary,
    position: u64Arbitrary,
    head: signedHeadArbitrary,
    firstMessagePosition: maybe(u64Arbitrary),
  }),
  fc.record({
    code: fc.constant("claim" as const),
    claim: claimArbitrary,
    endorsements: several(endorsementArbitrary),
  }),
  fc.record({
    code: fc.constant("wrongEpoch" as const),
    currentEpoch: u64Arbitrary,
    ...explanation,
  }),
  fc.record({ code: fc.constant("notAllowed" as const), ...explanation }),
  fc.record({
    code: fc.constant("invalidProposal" as const),
    refs: several(handshake),
    ...explanation,
  }),
);

const inboxHeader = { position: u64Arbitrary, acceptedAt: u64Arbitrary };
const inboxEntry: fc.Arbitrary<InboxEntry> = fc.oneof(
  fc.record({
    ...inboxHeader,
    kind: fc.constant("welcome" as const),
    welcome: fc.record({
      room: roomArbitrary,
      generation: u32Arbitrary,
      epoch: u64Arbitrary,
      position: u64Arbitrary,
      welcome: handshake,
      head: signedHeadArbitrary,
    }),
  }),
  fc.record({
    ...inboxHeader,
    kind: fc.constant("accountEvent" as const),
    event: fc.record({ name: textArbitrary, data: octets() }),
  }),
);

const cursor = fc.record({ stream: streamArbitrary, position: u64Arbitrary });

const clientFrame = fc.oneof(
  fc.record({
    type: fc.constant("hello" as const),
    incarnation: maybe(exactly(16)),
    cursors: several(cursor),
  }),
  fc.record({
    type: fc.constantFrom("submit" as const, "update" as const),
    requestId: countArbitrary,
    room: roomArbitrary,
    request: octets(),
  }),
  fc.record({ type: fc.constant("acknowledge" as const), cursors: several(cursor) }),
);

const gapReasons = ["expired", "removed", "restored", "overflow"] as const;
const serverFrame = fc.oneof(
  fc.record({ type: fc.constant("ready" as const), incarnation: exactly(16) }),
  fc.record({
    type: fc.constantFrom("entry" as const, "inboxEntry" as const),
    entry: octets({ min: 1 }),
  }),
  fc.record({
    type: fc.constantFrom("submitted" as const, "updated" as const),
    requestId: u32Arbitrary,
    response: octets(),
  }),
  fc.record({
    type: fc.constant("refused" as const),
    requestId: u32Arbitrary,
    code: textArbitrary,
    detail: textArbitrary,
    retryAfterMs: maybe(u32Arbitrary),
    currentEpoch: maybe(u64Arbitrary),
  }),
  fc.record({ type: fc.constant("caughtUp" as const) }),
  fc.record({
    type: fc.constant("gap" as const),
    stream: streamArbitrary,
    from: u64Arbitrary,
    to: u64Arbitrary,
    reason: fc.constantFrom(...gapReasons),
  }),
  fc.record({ type: fc.constant("head" as const), head: signedHeadArbitrary }),
);

const entriesPage = fc.record({
  incarnation: exactly(16),
  stream: streamArbitrary,
  entries: several(octets({ min: 1 })),
  head: u64Arbitrary,
  oldest: u64Arbitrary,
});

const submitResponse = fc.oneof(
  fc.record({
    status: fc.constant("accepted" as const),
    acceptedAt: u64Arbitrary,
    position: u64Arbitrary,
    frank: maybe(frankArbitrary),
  }),
  fc.record({ status: fc.constant("notAllowed" as const), reason: textArbitrary }),
  fc.record({ status: fc.constant("epochTooOld" as const), currentEpoch: u64Arbitrary }),
);

/** Every struct of the protocol's wire. */
export const structCases: readonly StructCase[] = [
  structCase("Frank", frankCodec, frankArbitrary),
  structCase("LeafChange", leafChangeCodec, leafChange),
  structCase("Roster", rosterCodec, roster),
  structCase("Entry", entryCodec, entry, { closedOctets: [0, 1, 2] }),
  structCase(
    "Head",
    headCodec,
    signedHeadArbitrary.map(({ head }) => head),
  ),
  structCase("SignedHead", signedHeadCodec, signedHeadArbitrary),
  structCase("UpdateRequest", updateRequestCodec, updateRequest, { closedOctets: [0, 1] }),
  structCase("UpdateRoomResponse", updateRoomResponseCodec, updateRoomResponse, {
    closedOctets: [0],
  }),
  structCase("SubmitMessageRequest", submitMessageRequestCodec, submitRequestArbitrary, {
    closedOctets: [0, 1],
  }),
  structCase("SubmitMessageResponse", submitMessageResponseCodec, submitResponse, {
    closedOctets: [0, 1],
  }),
  structCase(
    "FoundRoomRequest",
    foundRoomRequestCodec,
    fc.record({ groupInfo: handshake, ratchetTree: handshake }),
    { closedOctets: [0] },
  ),
  structCase(
    "FoundRoomResponse",
    foundRoomResponseCodec,
    fc.record({ acceptedAt: u64Arbitrary, head: signedHeadArbitrary }),
  ),
  structCase(
    "TreeResponse",
    treeResponseCodec,
    fc.record({ epoch: u64Arbitrary, treeHash: exactly(32), nodes: handshake }),
  ),
  structCase(
    "KeyPackageUpload",
    keyPackageUploadCodec,
    several(fc.record({ lastResort: fc.boolean(), keyPackage: handshake })),
  ),
  structCase("InboxEntry", inboxEntryCodec, inboxEntry, { closedOctets: [0, 17] }),
  structCase("Cursor", cursorCodec, cursor),
  structCase("Acknowledgement", acknowledgementCodec, several(cursor)),
  structCase("ClientFrame", clientFrameCodec, clientFrame, { closedOctets: [0] }),
  structCase("ServerFrame", serverFrameCodec, serverFrame, { closedOctets: [0], hasOpenEnd: true }),
  structCase("EntriesPage", entriesPageCodec, entriesPage),
  ...requestCases,
  ...ephemeralCases,
  ...federationCases,
  ...identityCases,
  ...historyCases,
];
