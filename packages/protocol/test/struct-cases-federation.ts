import fc from "fast-check";
import type { IdentifierResponse, ItemBody, Roster, SubmissionAnswer } from "../src/index.ts";
import {
  batchAnswerCodec,
  batchCodec,
  batchItemCodec,
  clientListsRequestCodec,
  clientListsResponseCodec,
  clientRevokedCodec,
  consentEntryCodec,
  entryDeliveryCodec,
  eventsRequestCodec,
  eventsResponseCodec,
  forwardedRequestCodec,
  hubOfferCodec,
  hubOfferRequestCodec,
  identifierRequestCodec,
  identifierResponseCodec,
  introductionCodec,
  leaveResponseCodec,
  makeItem,
  peerLeaveRequestCodec,
  standingRequestCodec,
  standingResponseCodec,
  takeOverRequestCodec,
  takeOverResponseCodec,
  submissionAnswersCodec,
  submissionBatchCodec,
  treeRequestCodec,
  userDeletedCodec,
  userResetCodec,
  welcomeDeliveryCodec,
} from "../src/index.ts";
import {
  clientArbitrary,
  countArbitrary,
  domainArbitrary,
  exactly,
  maybe,
  octets,
  roomArbitrary,
  several,
  signedHeadArbitrary,
  textArbitrary,
  u32Arbitrary,
  u64Arbitrary,
  u8Arbitrary,
  userArbitrary,
} from "./arbitraries.ts";
import { structCase } from "./struct-case.ts";
import type { StructCase } from "./struct-case.ts";

const message = octets({ min: 1 });

const roster: fc.Arbitrary<Roster> = fc
  .uniqueArray(fc.record({ leaf: u32Arbitrary, client: clientArbitrary }), {
    selector: ({ leaf }) => leaf,
    maxLength: 4,
  })
  .map((entries) => entries.sort((left, right) => left.leaf - right.leaf));

const welcomeDelivery = fc.record({ clients: several(clientArbitrary, 1), welcome: message });
const introduction = fc.record({ hubKey: exactly(32), roster });
const entryDelivery = fc.record({
  entry: message,
  head: maybe(signedHeadArbitrary),
  groupInfo: maybe(message),
  welcomes: several(welcomeDelivery),
  introduction: maybe(introduction),
});
const consentEntry = fc.record({
  operation: fc.constantFrom("cancel", "request", "grant", "revoke"),
  requester: userArbitrary,
  target: userArbitrary,
  room: maybe(roomArbitrary),
  note: textArbitrary,
  at: u64Arbitrary,
});
const userReset = fc.record({
  user: userArbitrary,
  resetAt: u64Arbitrary,
  identityKey: exactly(32),
});
const userDeleted = fc.record({ user: userArbitrary, deletedAt: u64Arbitrary });
const clientRevoked = fc.record({ client: clientArbitrary, revokedAt: u64Arbitrary });

/** What items say. */
export const itemBodyArbitrary: fc.Arbitrary<ItemBody> = fc.oneof(
  entryDelivery.map((delivery) => ({ kind: "entry" as const, ...delivery })),
  consentEntry.map((entry) => ({ kind: "consent" as const, entry })),
  userDeleted.map((deleted) => ({ kind: "userDeleted" as const, ...deleted })),
  clientRevoked.map((revoked) => ({ kind: "clientRevoked" as const, ...revoked })),
  userReset.map((reset) => ({ kind: "userReset" as const, ...reset })),
  fc.constant({ kind: "gone" as const }),
);

const batchItem = fc.oneof(
  fc.tuple(u64Arbitrary, itemBodyArbitrary).map(([sequence, body]) => makeItem(sequence, body)),
  fc.record({ sequence: u64Arbitrary, kind: u8Arbitrary, body: octets() }),
);
const batch = fc.record({
  incarnation: exactly(16),
  items: fc
    .tuple(countArbitrary, several(batchItem))
    .map(([first, items]) => items.map((item, at) => ({ ...item, sequence: first + at }))),
  heads: several(signedHeadArbitrary),
});
const batchAnswer = fc
  .record({
    incarnation: exactly(16),
    sequences: fc.uniqueArray(countArbitrary, { maxLength: 3 }),
    further: countArbitrary,
    code: textArbitrary,
  })
  .map(({ incarnation, sequences, further, code }) => {
    const ascending = sequences.sort((left, right) => left - right);
    return {
      incarnation,
      next: (ascending.at(-1) ?? 0) + further,
      rejected: ascending.map((sequence) => ({ sequence, code })),
    };
  });

const submissionAnswer: fc.Arbitrary<SubmissionAnswer> = fc.oneof(
  fc.record({ status: fc.constant("answered" as const), response: message }),
  fc.record({
    status: fc.constant("refused" as const),
    code: textArbitrary,
    detail: textArbitrary,
    currentEpoch: maybe(u64Arbitrary),
    retryAfterMs: maybe(u32Arbitrary),
    hub: maybe(domainArbitrary),
  }),
);

const identifierResponse: fc.Arbitrary<IdentifierResponse> = fc.oneof(
  fc.record({
    status: fc.constant("success" as const),
    clientList: message,
    countersigners: several(fc.record({ kid: textArbitrary, key: exactly(32) })),
  }),
  fc.record({ status: fc.constantFrom("notFound" as const, "forbidden" as const) }),
);

const hubOffer = fc.record({
  hub: domainArbitrary,
  hubKey: exactly(32),
  term: u64Arbitrary,
  consent: fc.record({ notAfter: u64Arbitrary, signature: exactly(64) }),
});
const takeOver = fc.record({
  groupInfo: message,
  ratchetTree: message,
  removals: several(fc.record({ leaf: u32Arbitrary, flags: fc.record({ held: fc.boolean() }) })),
  ranges: several(
    fc.record({ peer: domainArbitrary, since: u64Arbitrary, until: maybe(u64Arbitrary) }),
  ),
  linkUses: several(
    fc.record({ position: u64Arbitrary, link: exactly(32), owedTo: maybe(userArbitrary) }),
  ),
});

const versioned = { closedOctets: [0] };

export const federationCases: readonly StructCase[] = [
  structCase("WelcomeDelivery", welcomeDeliveryCodec, welcomeDelivery),
  structCase("Introduction", introductionCodec, introduction),
  structCase("EntryDelivery", entryDeliveryCodec, entryDelivery),
  structCase("ConsentEntry", consentEntryCodec, consentEntry, { closedOctets: [0] }),
  structCase("UserDeleted", userDeletedCodec, userDeleted),
  structCase("ClientRevoked", clientRevokedCodec, clientRevoked),
  structCase("UserReset", userResetCodec, userReset),
  structCase("BatchItem", batchItemCodec, batchItem),
  structCase("Batch", batchCodec, batch),
  structCase("BatchAnswer", batchAnswerCodec, batchAnswer),
  structCase(
    "ForwardedRequest",
    forwardedRequestCodec,
    fc.record({ client: clientArbitrary, request: message }),
    versioned,
  ),
  structCase(
    "SubmissionBatch",
    submissionBatchCodec,
    fc.record({
      items: several(fc.record({ room: roomArbitrary, client: clientArbitrary, request: message })),
    }),
    versioned,
  ),
  structCase(
    "SubmissionAnswers",
    submissionAnswersCodec,
    fc.record({ answers: several(submissionAnswer) }),
    versioned,
  ),
  structCase(
    "TreeRequest",
    treeRequestCodec,
    fc.record({ client: clientArbitrary, epoch: u64Arbitrary }),
    versioned,
  ),
  structCase(
    "LeaveRequest",
    peerLeaveRequestCodec,
    fc.record({
      client: clientArbitrary,
      leaver: fc.constantFrom("user" as const, "unseenClient" as const),
    }),
    versioned,
  ),
  structCase(
    "LeaveResponse",
    leaveResponseCodec,
    fc.record({
      leaves: fc
        .uniqueArray(u32Arbitrary, { maxLength: 4 })
        .map((leaves) => leaves.sort((left, right) => left - right)),
    }),
    versioned,
  ),
  structCase(
    "EventsRequest",
    eventsRequestCodec,
    fc.record({
      after: u64Arbitrary,
      limit: fc.integer({ min: 1, max: 256 }),
      flags: fc.record({ introduce: fc.boolean() }),
    }),
    versioned,
  ),
  structCase(
    "EventsResponse",
    eventsResponseCodec,
    fc.record({
      oldest: u64Arbitrary,
      last: u64Arbitrary,
      entries: several(message),
      head: maybe(signedHeadArbitrary),
      introduction: maybe(introduction),
    }),
    versioned,
  ),
  structCase(
    "HubOfferRequest",
    hubOfferRequestCodec,
    fc.record({ client: clientArbitrary }),
    versioned,
  ),
  structCase("HubOffer", hubOfferCodec, hubOffer, versioned),
  structCase("TakeOverRequest", takeOverRequestCodec, takeOver, versioned),
  structCase("TakeOverResponse", takeOverResponseCodec, fc.constant({}), versioned),
  structCase("StandingRequest", standingRequestCodec, fc.constant({}), versioned),
  structCase(
    "StandingResponse",
    standingResponseCodec,
    fc.record({
      position: u64Arbitrary,
      hash: exactly(32),
      head: maybe(signedHeadArbitrary),
      groupInfo: maybe(message),
    }),
    versioned,
  ),
  structCase(
    "IdentifierRequest",
    identifierRequestCodec,
    fc.record({ user: userArbitrary }),
    versioned,
  ),
  structCase("IdentifierResponse", identifierResponseCodec, identifierResponse, {
    closedOctets: [0, 1],
  }),
  structCase(
    "ClientListsRequest",
    clientListsRequestCodec,
    fc.record({ user: userArbitrary, after: u64Arbitrary }),
    versioned,
  ),
  structCase(
    "ClientListsResponse",
    clientListsResponseCodec,
    fc.record({ lists: several(message) }),
    versioned,
  ),
];
