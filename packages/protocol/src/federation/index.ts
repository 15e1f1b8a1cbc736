export {
  assetRequestCodec,
  assetResponseCodec,
  assetsForgottenAnswerCodec,
  assetsForgottenCodec,
} from "./asset.ts";
export type { AssetClaim, AssetRequest, AssetResponse, AssetsForgotten } from "./asset.ts";
export {
  eventsRequestCodec,
  eventsResponseCodec,
  standingRequestCodec,
  standingResponseCodec,
} from "./backfill.ts";
export type { EventsRequest, EventsResponse, StandingResponse } from "./backfill.ts";
export { batchItemCodec, ITEM_KINDS, makeItem, readItem } from "./batch-item.ts";
export type { BatchItem, ItemBody } from "./batch-item.ts";
export { batchAnswerCodec, batchCodec } from "./batch.ts";
export type { Batch, BatchAnswer, RejectedItem } from "./batch.ts";
export {
  clientRevokedCodec,
  consentEntryCodec,
  userDeletedCodec,
  userResetCodec,
} from "./consent.ts";
export type { ClientRevoked, ConsentEntry, UserDeleted, UserReset } from "./consent.ts";
export { PEER_CAPABILITIES, directorySchema } from "./directory.ts";
export type { Directory, DirectoryDocument } from "./directory.ts";
export { DIRECTORY_PATH, endpointNames, ENDPOINTS, peerRoutes } from "./endpoints.ts";
export type { EndpointName } from "./endpoints.ts";
export { ephemeralAnswerCodec, ephemeralBatchCodec } from "./ephemeral.ts";
export type { EphemeralAnswer, EphemeralBatch } from "./ephemeral.ts";
export { entryDeliveryCodec, introductionCodec, welcomeDeliveryCodec } from "./entry-delivery.ts";
export type { EntryDelivery, Introduction, WelcomeDelivery } from "./entry-delivery.ts";
export {
  forwardedRequestCodec,
  leaveResponseCodec,
  peerLeaveRequestCodec,
  treeRequestCodec,
} from "./forwarded.ts";
export type {
  ForwardedRequest,
  Leaver,
  LeaveResponse,
  PeerLeaveRequest,
  TreeRequest,
} from "./forwarded.ts";
export {
  checkCreated,
  isKeyId,
  NONCE_BYTES,
  NONCE_START_BYTES,
  parseSignature,
  signatureBase,
  signRequest,
  verifyRequest,
} from "./http-signature.ts";
export type {
  RequestSignature,
  SignatureParameters,
  SignedHeaders,
  SignedRequest,
} from "./http-signature.ts";
export {
  hubOfferCodec,
  hubOfferRequestCodec,
  takeOverRequestCodec,
  takeOverResponseCodec,
} from "./hub-change.ts";
export type {
  DueRemoval,
  HubOffer,
  HubOfferRequest,
  PeerRangeOf,
  TakeOverRequest,
} from "./hub-change.ts";
export { certifyFederationKey, federationKeyCodec, verifyFederationKey } from "./federation-key.ts";
export type { FederationKey } from "./federation-key.ts";
export {
  CLIENT_LISTS_FORM,
  CLIENT_LISTS_KEPT,
  CLIENT_LISTS_PER_ANSWER,
  clientListsRequestCodec,
  clientListsResponseCodec,
  identifierRequestCodec,
  identifierResponseCodec,
} from "./identifier.ts";
export type {
  ClientListsRequest,
  ClientListsResponse,
  Countersigner,
  IdentifierRequest,
  IdentifierResponse,
} from "./identifier.ts";
export {
  refusalOfSubmission,
  refusedSubmission,
  submissionAnswersCodec,
  submissionBatchCodec,
} from "./submission.ts";
export type {
  Submission,
  SubmissionAnswer,
  SubmissionAnswers,
  SubmissionBatch,
} from "./submission.ts";
export {
  checkDigest,
  formatDigest,
  formatFrom,
  mintTransactionId,
  parseDigest,
  parseFrom,
  parsePeerHeaders,
  parseTransactionId,
  transactionBytes,
} from "./peer-headers.ts";
export type { PeerHeaders, ReceivedHeaders } from "./peer-headers.ts";
export { expandTemplate } from "./url-template.ts";
export { commonVersion, PROFILE, VERSIONS } from "./versions.ts";
