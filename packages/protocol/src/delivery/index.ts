export { decodeEntry, decodeEntryHeader, entryCodec } from "./decode-entry.ts";
export { encodeEntry } from "./encode-entry.ts";
export { chainHashOf, entryHash } from "./entry-hash.ts";
export { tombstoneFor } from "./tombstone-for.ts";
export { ENTRY_KINDS, ENTRY_VERSION, firstPrevious, TOMBSTONE_REASONS } from "./entry.ts";
export type {
  ApplicationEntry,
  CommitEntry,
  Entry,
  EntryHeader,
  EntryKind,
  LeafChange,
  ProposalEntry,
  ReportEntry,
  TombstoneEntry,
  VoidEntry,
} from "./entry.ts";
export { foundRoomRequestCodec, foundRoomResponseCodec } from "./found.ts";
export type { FoundRoomRequest, FoundRoomResponse } from "./found.ts";
export { ratchetTreeCodec } from "./mls-objects.ts";
export { movedDetail, readBegun, readMoved } from "./moved.ts";
export { readRestored, type Restored, restoredDetail } from "./restored.ts";
export { frankCodec } from "./frank.ts";
export type { Frank } from "./frank.ts";
export {
  groupInfoPlaintextCodec,
  groupInfoRequestCodec,
  groupInfoResponseCodec,
  signGroupInfoRequest,
  signGroupInfoResponse,
  verifyGroupInfoRequest,
  verifyGroupInfoResponse,
} from "./group-info.ts";
export type {
  GroupInfoPlaintext,
  LinkUses,
  GroupInfoRequest,
  GroupInfoResponse,
  GroupInfoSuccess,
  HpkeCiphertext,
  PendingProposal,
  UnsignedGroupInfoRequest,
  UnsignedGroupInfoSuccess,
} from "./group-info.ts";
export { headCodec, signedHeadCodec, signHead, verifyHead } from "./head.ts";
export type { Head, SignedHead } from "./head.ts";
export {
  healthReportCodec,
  signedHealthReportCodec,
  signHealthReport,
  verifyHealthReport,
} from "./health-report.ts";
export type { HealthReport, SignedHealthReport } from "./health-report.ts";
export { INBOX_ENTRY_VERSION, inboxEntryCodec } from "./inbox.ts";
export type { AccountEventBody, InboxEntry, WelcomeBody } from "./inbox.ts";
export {
  clientKeyMaterialCodec,
  keyMaterialRequestCodec,
  keyMaterialResponseCodec,
  signKeyMaterialRequest,
  verifyKeyMaterialRequest,
} from "./key-material.ts";
export type {
  ClientKeyMaterial,
  KeyMaterialRequest,
  KeyMaterialResponse,
  UnsignedKeyMaterialRequest,
  UserStatus,
} from "./key-material.ts";
export { keyPackageUploadCodec } from "./key-package-upload.ts";
export type { KeyPackageUpload, UploadedKeyPackage } from "./key-package-upload.ts";
export type { Sign, Verify } from "./keys.ts";
export { leafChangeCodec } from "./leaf-changes.ts";
export {
  capabilitiesCodec,
  credentialCodec,
  groupInfoCodec,
  incarnationCodec,
  PROTOCOL,
  requiredCapabilitiesCodec,
  signatureCodec,
  welcomeCodec,
} from "./mls-objects.ts";
export type { Capabilities, Credential, RequiredCapabilities } from "./mls-objects.ts";
export { refusalOfResponse } from "./refusal-of-response.ts";
export { applyLeafChanges, rosterCodec, rosterHash } from "./roster.ts";
export type { Roster, RosterEntry } from "./roster.ts";
export {
  isEphemeralRequest,
  submitMessageRequestCodec,
  submitMessageResponseCodec,
} from "./submit.ts";
export type { SubmitMessageRequest, SubmitMessageResponse } from "./submit.ts";
export { treeResponseCodec } from "./tree.ts";
export type { TreeResponse } from "./tree.ts";
export { updateRequestCodec, updateRoomResponseCodec } from "./update.ts";
export type { HandshakeRequest, UpdateRequest, UpdateRoomResponse } from "./update.ts";
