import { ASSET_LIMITS, ASSET_RATES } from "./asset-limits.ts";
import { CONTACT_LIMITS, CONTACT_RATES } from "./contact-limits.ts";
import { EPHEMERAL_LIMITS, EPHEMERAL_RATES } from "./ephemeral-limits.ts";
import { HEALTH_LIMITS } from "./health-limits.ts";
import { ROOM_LIFE_LIMITS } from "./room-life-limits.ts";
import { ROOM_LIMITS } from "./room-limits.ts";
import { HUB_LIMITS, HUB_RATES } from "./hub-limits.ts";
import { JOIN_LIMITS, JOIN_RATES } from "./join-limits.ts";
import { DAY, HOUR, KIB, MIB, MINUTE, SECOND } from "./units.ts";

/**
 * Every bound of the protocol and of a homeserver's defaults. Names end in what they count:
 * `BytesMax` octets, `Ms` milliseconds, otherwise pieces. A refusal names the bound it applied.
 */
export const LIMITS = {
  /** One PublicMessage (a commit or a proposal). */
  handshakeBytesMax: MIB,
  /** One PrivateMessage with application content. */
  applicationMessageBytesMax: 64 * KIB,
  /** Proposals of one commit, by value and by reference together, and of one proposal bundle. */
  proposalsPerCommitMax: 100,
  /** Elements of all lists of one MLS object together, and one more for each 64 octets of it. */
  listElementsMax: 2048,
  /** One Welcome. */
  welcomeBytesMax: MIB,
  /** The copies of one Welcome together: each client that a commit adds gets its own. */
  welcomeCopiesBytesMax: 16 * MIB,
  /** One GroupInfo without its tree: mostly the dictionary. */
  groupInfoBytesMax: 128 * KIB,
  /** Leaves of one group. */
  treeLeavesMax: 10_000,
  /** Content of a ratchet_tree extension: about 1.5 KiB per leaf, parents included. */
  ratchetTreeBytesMax: 16 * MIB,
  /** Application messages of one client in one epoch; then it has to commit. */
  messagesPerEpochMax: 4000,
  /** Past epochs whose messages a client can still read: one more than the server takes. */
  pastEpochsKept: 4,
  /** Keys of overtaken messages that a client keeps, per sender and epoch. */
  overtakenMessagesKept: 256,
  /** How far a message may run ahead of those received from its sender. */
  messageGapMax: 5000,
  /** A message's authenticated_data (a SafeAAD dictionary). */
  authenticatedDataBytesMax: 4 * KIB,
  /** One KeyPackage. */
  keyPackageBytesMax: 16 * KIB,
  /** Stock of one client that is not last resort. */
  keyPackagesPerClientMax: 100,
  /** What must be left of a KeyPackage's lifetime when it is handed out. */
  keyPackageRemainingMinMs: HOUR,
  /** KeyPackages of one upload. */
  keyPackageUploadMax: 100,
  /** From a KeyPackage's not_before to its not_after. */
  keyPackageLifetimeMaxMs: 90 * DAY,
  /** Ciphersuites that one key material request accepts. */
  ciphersuitesMax: 16,
  /** Entries of each list of a capabilities structure. */
  capabilitiesMax: 64,
  /** One MLS credential. */
  credentialBytesMax: 4 * KIB,
  /** Clients of one user. */
  clientsPerUserMax: 32,
  /** Rooms on this server in which one user takes part. */
  roomsPerUserMax: 1000,
  /** Uses of one invite. */
  inviteUsesMax: 1000,
  /** Open invites of one server. */
  invitesMax: 10_000,
  /** A recovery bundle, sealed. */
  recoveryBundleBytesMax: 8 * KIB,
  /** An OPAQUE message or record. */
  opaqueMessageBytesMax: 4 * KIB,
  /** A leaf's identity extension. */
  leafIdentityBytesMax: 4 * KIB,
  /** A signed client list. */
  clientListBytesMax: 16 * KIB,
  /** A key identifier. */
  keyIdBytesMax: 64,
  /** Any URI of ours. */
  uriBytesMax: 512,
  /** A human-readable reason or description. */
  descriptionBytesMax: KIB,
  /** A refusal code or the name of an event. */
  nameBytesMax: 64,
  /** Data of one account event. */
  accountEventBytesMax: 16 * KIB,
  /** One entry of a room or inbox stream: a handshake with its header and stapled proposals. */
  entryBytesMax: MIB + 512 * KIB,
  /** Leaf changes of one commit. */
  leafChangesMax: 256,
  /** One WebSocket message, either way. */
  frameBytesMax: 4 * MIB,
  /** Cursors of one hello, acknowledgement or acknowledgement request. */
  cursorsMax: 4096,
  /** Entries of one page. */
  pageEntriesMax: 256,
  /** Entries of one page together; a page has at least one entry, whatever its length. */
  pageBytesMax: MIB,
  /** A request body in TLS encoding, such as a whole upload; and most answers between servers. */
  requestBodyBytesMax: 3 * MIB,
  /** Request bodies of one user, or of one address without a session, until they are answered. */
  bodiesBytesPerUserMax: 16 * MIB,
  /** A JSON request body. */
  jsonBodyBytesMax: 64 * KIB,
  /** A TLS-encoded answer: the largest is a ratchet tree. */
  responseBodyBytesMax: 17 * MIB,
  /** Items of one federation batch. */
  batchItemsMax: 512,
  /** Items of one federation batch together; a batch may hold one item, whatever its length. */
  batchBytesMax: MIB,
  /** The body of one federation batch item: an entry, a Welcome and the roster of a full room. */
  batchItemBytesMax: 9 * MIB,
  /** Heads of one federation batch, beside those of its commits. */
  batchHeadsMax: 64,
  /** Sequences before the next one whose rejections an answer still names: of two batches. */
  rejectedItemsMax: 1024,
  /** Welcomes of one federation batch item: one per added client. */
  welcomesPerItemMax: 100,
  /** A message in a batch of submissions, with what stands around it. */
  submissionBytesMax: 64 * KIB + KIB,
  /** A request body between servers, but a batch. */
  peerBodyBytesMax: 3 * MIB + KIB,
  /** A batch between servers as a body, with its heads. */
  notifyBodyBytesMax: 11 * MIB,
  /** Entries of one answer to a server that fetches what it missed. */
  eventsPerPageMax: 256,
  /** Such an answer: a page whose last entry is the longest, and what stands around it. */
  eventsAnswerBytesMax: 3 * MIB + 512 * KIB,
  /** An answer to a server that asks for a user's client list. */
  identifierAnswerBytesMax: 64 * KIB,
  /** Incarnations of one server's stream that its receiver remembers. */
  incarnationsPerPeerMax: 4,
  /** A directory document. */
  directoryBytesMax: 64 * KIB,
  /** Versions that a directory lists. */
  directoryVersionsMax: 16,
  /** Capabilities that a directory lists. */
  directoryCapabilitiesMax: 64,
  /** Keys that a directory lists. */
  directoryKeysMax: 16,
  /** Keys of one server that countersign. */
  countersignersMax: 64,
  /** The URL template of an endpoint, and the path that it gives. */
  endpointBytesMax: 2 * KIB,
  /** How long a directory is used before it is fetched again. */
  directoryKeptMs: HOUR,
  /** From one fetch of a directory to the next because of a key that is not in it. */
  directoryRefetchMs: MINUTE,
  /** The same because it lacks a version, or what a request needs; doubled up to that minute. */
  directoryLackingMs: 5 * SECOND,
  /** Until a directory must have come whole. */
  directoryTimeoutMs: 5 * SECOND,
  /** How far the time in a signed request may lie from the receiver's. */
  federationSkewMs: 5 * MINUTE,
  /** How long the nonce of a signed request is remembered. */
  nonceKeptMs: 11 * MINUTE,
  /** Nonces that are remembered of one peer; beyond, its requests wait. */
  noncesPerPeerMax: 1_048_576,
  /** How long the answer to a transaction is kept for its repetition. */
  transactionKeptMs: DAY,
  /** From the publication of a federation key to its first use. */
  federationKeyAnnouncedMs: DAY,
  /** How long a replaced federation key is still accepted. */
  federationKeyOverlapMs: 7 * DAY,
  /** Keys of one server that are remembered: all that are good, then those that ended last. */
  peerKeysMax: 64,
  /** Servers that are known, pinned keys and all. */
  peersMax: 10_000,
  /** Servers that asked and proved nothing yet, and those that could not be found. */
  strangersMax: 1000,
  /** How long such a server is remembered. */
  strangerKeptMs: 10 * MINUTE,
  /** Rules of the operator about other servers. */
  peerRulesMax: 10_000,
  /** Requests of one peer that are worked on at once. */
  peerConcurrencyMax: 8,
  /** Requests of one network address that no server has proved to be its own yet. */
  unprovedPerAddressMax: 64,
  /** How long the body of another server's request may take, whatever its size. */
  peerBodyGraceMs: 5 * SECOND,
  /** Octets per second that such a body must have beyond that. */
  peerBodyBytesPerSecondMin: 16 * KIB,
  /** Batches to one peer, and batches of submissions, that are not answered yet. */
  peerInFlightMax: 2,
  /** Requests to one peer that wait for their turn. */
  requestsWaitingPerPeerMax: 256,
  /** Messages to the hub of one peer that wait for their turn. */
  submissionsWaitingPerPeerMax: 8192,
  /** The same in octets. */
  submissionsWaitingBytesPerPeerMax: 16 * MIB,
  /** Items that wait for one peer; with more, the oldest are left for it to fetch. */
  outboxItemsPerPeerMax: 1_000_000,
  /** Until a request to another server must be answered. */
  peerTimeoutMs: 20 * SECOND,
  /** The first wait before something is sent again; it doubles each time. */
  retryFirstMs: 250,
  /** The longest wait before something is sent again. */
  retryMostMs: MINUTE,
  /** The same after a day, towards a server that has never been reached. */
  retryUnreachedMs: HOUR,
  /** Servers that have never been reached, and to which something is to be sent. */
  unreachedPeersMax: 5000,
  /** How long something waits for such a server before it is forgotten. */
  unreachedKeptMs: 30 * DAY,
  /** How long an item is refused alone before it counts as rejected. */
  itemRefusedMs: 2 * MINUTE,
  /** From a message to the signed head that covers it at a follower, at most. */
  headIntervalMs: SECOND,
  /** How long another server's client list is believed without asking again. */
  remoteUserKeptMs: 5 * MINUTE,
  /** Epochs before the current one whose application messages are still taken. */
  epochWindowEpochs: 3,
  /** How long after being superseded such an epoch is still taken. */
  epochWindowMs: 5 * MINUTE,
  /** Proposed removals that one epoch carries. */
  removalIntentsPerEpochMax: 50,
  /** From the reservation of a room to its founding. */
  reservationMs: HOUR,
  /** Open reservations of one user. */
  reservationsPerUserMax: 16,
  /** How much longer the tree of a past epoch is kept for a client that has fetched it. */
  treeKeptAfterFetchMs: HOUR,
  /** Leaves of all rooms together that a hub keeps in memory; a room itself counts as 30. */
  cachedLeavesMax: 100_000,
  /** How long a restored hub waits for followers to say what they have, before it goes on alone. */
  restoreAdoptMs: MINUTE,
  /** Rooms hosted elsewhere that a follower keeps in memory. */
  followedRoomsCachedMax: 20_000,
  /** The accepted answer of a submission. */
  idempotencyKeptMs: 14 * DAY,
  /** A handshake entry, also when all have read it (restore and rejoin need it). */
  handshakeKeptMs: 30 * DAY,
  /** Another entry that all have acknowledged. */
  entryKeptReadMs: 48 * HOUR,
  /** Another entry that somebody has not acknowledged. */
  entryKeptUnreadMs: 30 * DAY,
  /** Unacknowledged octets of one room stream. */
  streamBytesMax: 1024 * MIB,
  /** Unacknowledged entries of one inbox. */
  inboxEntriesMax: 10_000,
  /** From an acknowledgement to its row, at most. */
  cursorFlushMs: SECOND,
  /** Octets in a client's socket beyond which it goes back to catching up. */
  socketBufferBytesMax: MIB,
  /** Submissions of one connection that are not answered yet. */
  submissionsInFlightMax: 256,
  /** Silence after which a socket is pinged. */
  socketPingMs: 30 * SECOND,
  /** From a ticket to its use. */
  ticketLifetimeMs: 30 * SECOND,
  /** Marks that a client's store names when it connects: those that it has had last. */
  storeMarksMax: 128,
  /** Marks of stores that an older copy has taken the place of, of one client. */
  replacedMarksMax: 16,
  /** A session that is not used. */
  sessionIdleMs: 30 * DAY,
  /** Sessions of one user. */
  sessionsPerUserMax: 64,
  /** How much older than the truth a session's stored time of last use may be. */
  sessionTouchMs: HOUR,
  /** Sessions that one server keeps in memory; the others are read when they are used. */
  sessionsCachedMax: 20_000,
  /** Logins, and registrations, that were started and not finished; the oldest make room. */
  loginsPendingMax: 10_000,
  /** From the start of a login or registration to its end. */
  loginLifetimeMs: 5 * MINUTE,
  /** How far ahead of our clock a signed time may lie. */
  clockSkewMs: 5 * MINUTE,
  ...EPHEMERAL_LIMITS,
  ...HEALTH_LIMITS,
  ...ROOM_LIMITS,
  ...CONTACT_LIMITS,
  ...HUB_LIMITS,
  ...JOIN_LIMITS,
  ...ASSET_LIMITS,
  ...ROOM_LIFE_LIMITS,
} as const;

export type LimitName = keyof typeof LIMITS;

/** The names of all limits, in the order of the file. */
export const limitNames: readonly LimitName[] = namesOf(LIMITS);

/** A steady rate of `count` per `perMs`, with a burst of `count` on top of an idle time. */
export type RateRule = { readonly count: number; readonly perMs: number };

/** Rates that a server enforces, each by the key that is named. */
export const RATE_LIMITS = {
  /** Starts of a login, by user and network address: nobody can lock another out. */
  loginPerUser: { count: 10, perMs: 10 * MINUTE },
  /** Starts of a login, by user, from networks in which that user was not seen: slows guesses from many. */
  loginElsewherePerUser: { count: 100, perMs: 100 * MINUTE },
  /** Starts of a login or registration, by network address. */
  loginPerAddress: { count: 60, perMs: 10 * MINUTE },
  /** Look-ups of users, by session: in a burst as many as may be claimed, for who is added is looked up. */
  lookupPerSession: { count: 2000, perMs: 1000 * SECOND },
  /** Look-ups of users and other open questions, by network address. */
  lookupPerAddress: { count: 4000, perMs: 1000 * SECOND },
  /** KeyPackages claimed, by requesting user and target user; the operator may allow more. */
  claimPerPair: { count: 10, perMs: HOUR },
  /** KeyPackages claimed, by requesting user. */
  claimPerUser: { count: 2000, perMs: HOUR },
  /** Uploads of KeyPackages, by client; the operator may allow more. */
  keyPackageUploadPerClient: { count: 6, perMs: 10 * MINUTE },
  /** Reservations of rooms, by user. */
  reservePerUser: { count: 60, perMs: HOUR },
  /** Tickets, by session. */
  ticketPerSession: { count: 60, perMs: MINUTE },
  /** Commits and proposals, by client. */
  updatePerClient: { count: 600, perMs: MINUTE },
  /** Application messages, by client. */
  messagePerClient: { count: 30_000, perMs: 10 * SECOND },
  /** Trees and GroupInfo answers, by client. */
  treePerClient: { count: 600, perMs: MINUTE },
  /** Requests, by the server that sends them. */
  requestPerPeer: { count: 15_000, perMs: 10 * SECOND },
  /** Requests, by the server that sends or receives them, while the operator limits it. */
  requestPerLimitedPeer: { count: 60, perMs: MINUTE },
  /** Directories of unknown servers fetched because of a request, by its network address. */
  discoveryPerAddress: { count: 30, perMs: MINUTE },
  /** The same, of all addresses together. */
  discoveryOfStrangers: { count: 600, perMs: MINUTE },
  /** Items of batches and submissions, by the server that sends them. */
  itemPerPeer: { count: 300_000, perMs: 10 * SECOND },
  /** Heads in batches, those of commits included, by the server that sends them. */
  headPerPeer: { count: 20_000, perMs: 10 * SECOND },
  /** Look-ups of users, by the server that asks. */
  lookupPerPeer: { count: 1200, perMs: MINUTE },
  /** KeyPackages claimed, by the server that asks. */
  claimPerPeer: { count: 20_000, perMs: HOUR },
  /** Pages of missed entries, by the server that asks; one with an introduction counts as 100. */
  eventsPerPeer: { count: 6000, perMs: MINUTE },
  /** Connection requests and their answers, by the server that sends them. */
  consentPerPeer: { count: 1200, perMs: MINUTE },
  ...EPHEMERAL_RATES,
  ...CONTACT_RATES,
  ...HUB_RATES,
  ...JOIN_RATES,
  ...ASSET_RATES,
} as const satisfies Record<string, RateRule>;

export type RateLimitName = keyof typeof RATE_LIMITS;

export const rateLimitNames: readonly RateLimitName[] = namesOf(RATE_LIMITS);

function namesOf<K extends string>(table: Readonly<Record<K, unknown>>): readonly K[] {
  const names: K[] = [];
  for (const name in table) names.push(name);
  return names;
}
