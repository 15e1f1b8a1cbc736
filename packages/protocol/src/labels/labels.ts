/**
 * The registry of labels: every signature, hash, key derivation and MLS exporter of ours has one
 * of its own, so that octets made for one purpose never pass for another. A label is never reused.
 */
export const LABELS = {
  /** User identity key over a device-signing key. */
  deviceSigningCertificate: "DeviceSigningCertificateTBS",
  /** Device-signing key over the user's client list. */
  clientList: "ClientListTBS",
  /** Server key over the signed client list. */
  clientListCountersignature: "ClientListCountersignatureTBS",
  /** Device-signing key over one client's signature key. */
  attestation: "AttestationTBS",
  /** Server key over an attestation. */
  attestationCountersignature: "AttestationCountersignatureTBS",
  /** Client signature key over a login (server domain, login, client). */
  loginProof: "LoginProofTBS",
  /** Client signature key over a request that a session's token alone is not enough for. */
  requestProof: "RequestProofTBS",
  /** Hub key over the head of a room's log. */
  head: "HeadTBS",
  /** Client signature key over what its leaf says of a commit. */
  healthReport: "HealthReportTBS",
  /** Client signature key over a request for KeyPackages. */
  keyMaterialRequest: "KeyMaterialRequestTBS",
  /** Client signature key over a request for a GroupInfo. */
  groupInfoRequest: "GroupInfoRequestTBS",
  /** Hub key over the answer. */
  groupInfoResponse: "GroupInfoResponseTBS",
  /** Federation key of a server over the one that is to follow it. */
  federationKey: "FederationKeyTBS",
  /** HPKE info of the answer's sealed content. */
  groupInfoSealing: "GroupInfo and ratchet_tree encryption",
  /** Hash of an entry: what the next one names as previous. */
  entryHash: "EntryHash",
  /** Hash of a roster. */
  rosterHash: "RosterHash",
  /** Hash of a client list: what its next version names as previous. */
  clientListHash: "ClientListHash",
  /** Hash of a user's identity key: half of a contact's safety number. */
  identityFingerprint: "IdentityFingerprintHash",
  /** Hash of a group's state: its safety number. */
  groupSafetyNumber: "GroupSafetyNumberHash",
  /** Hash of a deleted account's name: all that is kept of it. */
  accountTombstone: "AccountTombstone",
  /** MLS exporter: tells forks of one epoch apart. */
  forkTag: "ForkTag",
  /** Hash of a message's salt: hides its place among its sender's from whoever cannot read it. */
  senderChain: "SenderChainMask",
  /** MLS exporter: seals ephemeral payloads. */
  ephemeral: "Ephemeral",
  /** Client signature key over an ephemeral message. */
  ephemeralMessage: "EphemeralMessageTBS",
  /** Key derivation from the user identity key: the device-signing key of one number. */
  deviceSigningKey: "DeviceSigningKey",
  /** Key derivation from OPAQUE's export_key: seals the recovery bundle. */
  recoveryBundle: "RecoveryBundle",
  /** Key derivation from the recovery key: seals the recovery bundle's second copy. */
  recoveryKey: "RecoveryKey",
  /** Key derivation from the recovery key: the key pair that proves to know it. */
  recoveryLogin: "RecoveryLogin",
  /** Hash of the recovery key: its last characters, which tell a slip of the pen. */
  recoveryKeyCheck: "RecoveryKeyCheck",
  /** That key pair over a login without the password. */
  recoveryProof: "RecoveryProofTBS",
  /** The same over a new password's record, with the bundle that is sealed under it. */
  passwordReset: "PasswordResetTBS",
  /** Key derivation from what a new client and the approving one agreed on: seals their messages. */
  approvalChannel: "ApprovalChannel",
  /** Hash of an approval code: its last character, which tells a slip of the finger. */
  approvalCodeCheck: "ApprovalCodeCheck",
  /** Key derivation in the recovery bundle: where a record of account data lies. */
  accountDataSlot: "AccountDataSlot",
  /** Key derivation in the recovery bundle: seals account data. */
  accountData: "AccountData",
  /** Key derivation from a store key: seals secret rows. */
  storeRow: "StoreRow",
  /** Hash of a store key and a value: stands for the value in the store's indices. */
  storeMark: "StoreMark",
  /** What a sealed piece of history is bound to. */
  historyPiece: "HistoryPiece",
  /** Key derivation from the account-data key: seals archives in files. */
  historyArchive: "HistoryArchive",
  /** Key derivation from the account-data key: seals the backup at the server. */
  historyBackup: "HistoryBackup",
  /** Key derivation from a store key: hashes what the search index keeps of words. */
  searchTerm: "SearchTerm",
  /** Associated data of each chunk of a large asset. */
  assetChunk: "AssetChunk",
  /** Client signature key over the key for which it asks to have history sealed. */
  historyAsk: "HistoryAskTBS",
  /** Client signature key over history for another client; HPKE info of its key. */
  historyGift: "HistoryGiftTBS",
  /** Client signature key over the record of an act. */
  auditRecord: "AuditRecordTBS",
  /** Hash of the record of a room's acts, one after another. */
  auditChain: "AuditChainHash",
  /** MLS exporter: seals what a committer says of the record; what it is bound to. */
  auditLink: "AuditLink",
  /** Hub key over the room of which its server will be the hub. */
  hubConsent: "HubConsentTBS",
  /** Client signature key over what comes after a room's previous group. */
  generationClaim: "GenerationClaimTBS",
  /** Hash of a user of a room's previous group. */
  returningUser: "ReturningUser",
  /** Hash of a room's salt and a user: what stands for the user in its bans and mutes. */
  sanctionedUser: "SanctionedUserHash",
  /** Key derivation from a join link's seed: the key pair that signs its tickets. */
  joinLinkKey: "JoinLinkKey",
  /** That key pair over the client that comes in by the link. */
  joinTicket: "JoinTicketTBS",
  /** The same over a question for a GroupInfo. */
  joinAsk: "JoinAskTBS",
  /** Client signature key over the key of the link by which it asks to be let in. */
  knock: "KnockTBS",
  /** Hash of a join link: its last octets, which tell a slip of the pen. */
  joinLinkCheck: "JoinLinkCheck",
  /** Seals a room's metadata. */
  roomMetadata: "RoomMetadata",
} as const;

export type Label = (typeof LABELS)[keyof typeof LABELS];

/** Before every label of ours; MLS's own labels begin with "MLS 1.0 ". */
export const LABEL_PREFIX = "Treehouse 1.0 ";
