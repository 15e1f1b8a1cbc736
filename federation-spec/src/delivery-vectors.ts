import type { EntryHeader, GroupInfoSuccess } from "@treehouse/protocol";
import { firstPrevious, groupUriOf, parseDomain, rosterHash } from "@treehouse/protocol";
import {
  alice,
  alicesClient,
  alicesSecond,
  bob,
  bobsClient,
  credential,
  frank,
  head,
  healthReport,
  mls,
  octets,
  room,
  signedHead,
  time,
} from "./sample-values.ts";
import { signingKeys } from "./signing-keys.ts";
import { vectorOf } from "./vector-of.ts";

const header: Omit<EntryHeader, "kind"> = {
  ephemeral: false,
  room,
  generation: 1,
  term: 1,
  position: 1,
  previous: firstPrevious,
  acceptedAt: time,
};
const later = { ...header, term: 2, position: 4_294_967_296, previous: octets(32, 0x33) };
const roster = [
  { leaf: 0, client: alicesClient },
  { leaf: 2, client: bobsClient },
];
const submission = { ephemeral: false, message: mls.message, sendingUri: alice };
const capabilities = { extensions: [6, 0xf001], proposals: [], credentials: [1] };
const explanation = { reason: "removalPending", description: "two removals are pending" };

export const entryVectors = [
  vectorOf("Entry", "commit that adds two clients", {
    ...header,
    kind: "commit",
    epoch: 0,
    leafChanges: [
      { leaf: 1, client: alicesSecond, change: "removed" },
      { leaf: 1, client: alicesSecond, change: "added" },
      { leaf: 2, client: bobsClient, change: "added" },
    ],
    rosterHash: rosterHash(roster),
    commit: mls.commit,
    externalProposals: [],
  }),
  vectorOf("Entry", "external commit with stapled proposals", {
    ...later,
    kind: "commit",
    epoch: Number.MAX_SAFE_INTEGER,
    leafChanges: [],
    rosterHash: rosterHash([]),
    commit: mls.commit,
    externalProposals: [mls.proposal, octets(1)],
  }),
  vectorOf("Entry", "proposals", { ...later, kind: "proposal", proposals: [mls.proposal] }),
  vectorOf("Entry", "application message", {
    ...later,
    kind: "application",
    message: mls.message,
    frank: undefined,
  }),
  vectorOf("Entry", "ephemeral application message with a frank", {
    ...later,
    ephemeral: true,
    position: 0,
    previous: firstPrevious,
    kind: "application",
    message: mls.message,
    frank,
  }),
  vectorOf("Entry", "void", {
    ...later,
    kind: "void",
    voided: 9,
    epoch: 8,
    leafChanges: [{ leaf: 3, client: bobsClient, change: "removed" }],
    rosterHash: octets(32, 0x55),
    faults: [healthReport(1), healthReport(2)],
  }),
  vectorOf("Entry", "report", { ...later, kind: "report", report: healthReport(1) }),
  vectorOf("Entry", "knock", {
    ...later,
    kind: "knock",
    knock: octets(90, 0x60),
  }),
  vectorOf("Entry", "tombstone", {
    ...later,
    kind: "tombstone",
    reason: 1,
    replaced: octets(32, 0x66),
    detail: "gone – ¶",
  }),
  vectorOf("Entry", "tombstone that begins a generation", {
    ...later,
    generation: later.generation + 1,
    kind: "tombstone",
    reason: 6,
    replaced: later.previous,
    detail: bobsClient,
  }),
  vectorOf("Roster", "empty roster", []),
  vectorOf("Roster", "roster of two", roster),
  vectorOf("Head", "head", head),
  vectorOf("SignedHead", "signed head", signedHead),
  vectorOf("SignedHealthReport", "fault", healthReport(1)),
  vectorOf("SignedHealthReport", "applied", {
    ...healthReport(2),
    report: { ...healthReport(2).report, verdict: "applied" },
  }),
];

export const updateVectors = [
  vectorOf("UpdateRequest", "commit alone", {
    kind: "commit",
    commit: mls.commit,
    welcome: undefined,
    groupInfo: mls.groupInfo,
    firstMessage: undefined,
  }),
  vectorOf("UpdateRequest", "commit with Welcome and first message", {
    kind: "commit",
    commit: mls.commit,
    welcome: mls.welcome,
    groupInfo: mls.groupInfo,
    firstMessage: submission,
  }),
  vectorOf("UpdateRequest", "health report", { kind: "report", report: healthReport(1) }),
  vectorOf("UpdateRequest", "question for a claim", {
    kind: "claim",
    hub: parseDomain("example.net"),
    endorsement: undefined,
  }),
  vectorOf("UpdateRequest", "agreement to a claim", {
    kind: "claim",
    hub: parseDomain("example.net"),
    endorsement: { client: bobsClient, signature: octets(64) },
  }),
  vectorOf("UpdateRequest", "another generation", {
    kind: "generation",
    groupInfo: mls.groupInfo,
    ratchetTree: mls.tree,
  }),
  vectorOf("UpdateRequest", "proposals", {
    kind: "proposal",
    proposals: [mls.proposal, mls.proposal],
  }),
  vectorOf("UpdateRoomResponse", "success", {
    code: "success",
    acceptedAt: time,
    position: 42,
    head: signedHead,
    firstMessagePosition: 43,
  }),
  vectorOf("UpdateRoomResponse", "claim", {
    code: "claim",
    claim: {
      previous: groupUriOf(head.room, 0),
      epoch: 7,
      transcript: octets(32),
      position: 40,
      hash: octets(32, 0x22),
      formerHub: parseDomain("example.org"),
      hub: parseDomain("example.net"),
      hubKey: octets(32, 0x44),
      term: 2,
      reason: "hubGone",
    },
    endorsements: [{ client: bobsClient, signature: octets(64) }],
  }),
  vectorOf("UpdateRoomResponse", "wrong epoch", {
    code: "wrongEpoch",
    currentEpoch: 8,
    reason: "wrongEpoch",
    description: "",
  }),
  vectorOf("UpdateRoomResponse", "not allowed", { code: "notAllowed", ...explanation }),
  vectorOf("UpdateRoomResponse", "invalid proposals", {
    code: "invalidProposal",
    refs: [octets(32)],
    ...explanation,
  }),
  vectorOf("FoundRoomRequest", "founding", { groupInfo: mls.groupInfo, ratchetTree: mls.tree }),
  vectorOf("FoundRoomResponse", "founded", { acceptedAt: time, head: signedHead }),
  vectorOf("TreeResponse", "tree", { epoch: 7, treeHash: octets(32), nodes: mls.tree }),
];

export const submitVectors = [
  vectorOf("SubmitMessageRequest", "message", submission),
  vectorOf("SubmitMessageRequest", "ephemeral message", { ...submission, ephemeral: true }),
  vectorOf("SubmitMessageResponse", "accepted", {
    status: "accepted",
    acceptedAt: time,
    position: 43,
    frank: undefined,
  }),
  vectorOf("SubmitMessageResponse", "accepted with a frank", {
    status: "accepted",
    acceptedAt: time,
    position: 43,
    frank,
  }),
  vectorOf("SubmitMessageResponse", "not allowed", { status: "notAllowed", reason: "removed" }),
  vectorOf("SubmitMessageResponse", "too old", { status: "epochTooOld", currentEpoch: 8 }),
];

const keyMaterialRequest = {
  requestingUser: alice,
  targetUser: bob,
  room,
  acceptableCiphersuites: [1],
  requiredCapabilities: capabilities,
  requesterSignatureKey: signingKeys.client.publicKey,
  requesterCredential: credential,
  signature: octets(64),
};

export const keyMaterialVectors = [
  vectorOf("KeyMaterialRequest", "for a room", keyMaterialRequest),
  vectorOf("KeyMaterialRequest", "for no room", { ...keyMaterialRequest, room: undefined }),
  vectorOf("KeyMaterialResponse", "every kind of client", {
    status: "partialSuccess",
    user: bob,
    clients: [
      { status: "success", client: bobsClient, keyPackage: mls.keyPackage },
      { status: "keyMaterialExhausted", client: bobsClient },
      { status: "nothingCompatible", client: bobsClient, capabilities: undefined },
      {
        status: "nothingCompatible",
        client: bobsClient,
        capabilities: { versions: [1], ciphersuites: [1, 3], ...capabilities },
      },
    ],
  }),
  vectorOf("KeyMaterialResponse", "no consent", { status: "noConsent", user: bob, clients: [] }),
  vectorOf("ClientKeyMaterial", "a client without KeyPackages", {
    status: "keyMaterialExhausted",
    client: bobsClient,
  }),
  vectorOf("KeyPackageUpload", "two with a last resort", [
    { lastResort: false, keyPackage: mls.keyPackage },
    { lastResort: true, keyPackage: mls.keyPackage },
  ]),
];

const groupInfoResponse: GroupInfoSuccess = {
  status: "success",
  room,
  ciphersuite: 1,
  hubKey: signingKeys.hub.publicKey,
  hubCredential: credential,
  sealed: { kemOutput: octets(32), ciphertext: octets(70) },
  signature: octets(64),
};

const groupInfoRequest = {
  ciphersuite: 1,
  requestingSignatureKey: signingKeys.client.publicKey,
  requestingCredential: credential,
  groupInfoPublicKey: octets(32),
  joiningCode: undefined,
  signature: octets(64),
};

export const groupInfoVectors = [
  vectorOf("GroupInfoRequest", "without joining code", groupInfoRequest),
  vectorOf("GroupInfoRequest", "with joining code", {
    ...groupInfoRequest,
    joiningCode: octets(8),
  }),
  vectorOf("GroupInfoResponse", "success", groupInfoResponse),
  vectorOf("GroupInfoResponse", "not authorized", { status: "notAuthorized", room }),
  vectorOf("GroupInfoResponse", "no such room", { status: "noSuchRoom", room }),
  vectorOf("GroupInfoPlaintext", "with tree and pending proposal", {
    groupInfo: mls.groupInfo,
    ratchetTree: mls.tree,
    pendingProposals: [{ proposal: mls.proposal, acceptedAt: time }],
    position: 42,
    linkUses: [{ key: octets(32, 0x70), uses: 3 }],
  }),
  vectorOf("GroupInfoPlaintext", "tree at the hub", {
    groupInfo: mls.groupInfo,
    ratchetTree: undefined,
    pendingProposals: [],
    position: 0,
    linkUses: [],
  }),
];
