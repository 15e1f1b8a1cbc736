export {
  credentialFinishAnswerSchema,
  credentialFinishRequestSchema,
  credentialProofAnswerSchema,
  credentialProofRequestSchema,
  credentialStartAnswerSchema,
  credentialStartRequestSchema,
} from "./credential-schemas.ts";
export {
  ASSET_HEADERS,
  assetAnswerSchema,
  assetAudienceSchema,
  assetCopyRequestSchema,
  assetDeletionSchema,
  assetFinishRequestSchema,
  assetListAnswerSchema,
  assetListRequestSchema,
  assetUploadAnswerSchema,
  assetUploadEndSchema,
  assetUploadRequestSchema,
  assetUploadStateSchema,
  assetUsageSchema,
  MEDIA_TYPE_OCTETS,
} from "./asset-schemas.ts";
export type { AssetAudience } from "./asset-schemas.ts";
export { ACCOUNT_DATA_LIMITS } from "./account-data-limits.ts";
export {
  accountDataEventSchema,
  accountDataListSchema,
  accountDataRecordSchema,
  accountDataVersionSchema,
  accountDataWriteSchema,
  parseDataSlot,
} from "./account-data-schemas.ts";
export type { AccountDataList } from "./account-data-schemas.ts";
export {
  sessionGrantSchema,
  registrationStartRequestSchema,
  registrationStartAnswerSchema,
  registrationFinishRequestSchema,
  registrationFinishAnswerSchema,
  loginStartRequestSchema,
  loginStartAnswerSchema,
  loginFinishRequestSchema,
  loginFinishAnswerSchema,
  sessionAnswerSchema,
  sessionsAnswerSchema,
  sessionsEndedAnswerSchema,
  userAnswerSchema,
  userQuerySchema,
  clientListsAnswerSchema,
  clientListsQuerySchema,
  inviteRequestSchema,
  inviteAnswerSchema,
  invitesAnswerSchema,
} from "./account-schemas.ts";
export type {
  SessionGrant,
  RegistrationStartRequest,
  RegistrationStartAnswer,
  RegistrationFinishRequest,
  RegistrationFinishAnswer,
  LoginStartRequest,
  LoginStartAnswer,
  LoginFinishRequest,
  LoginFinishAnswer,
  SessionAnswer,
  SessionsAnswer,
  SessionsEndedAnswer,
  UserAnswer,
  InviteRequest,
  InviteAnswer,
  InvitesAnswer,
} from "./account-schemas.ts";
export { ACCOUNT_EVENTS } from "./account-events.ts";
export {
  contactAcceptSchema,
  contactActSchema,
  contactRequestSchema,
  contactsAnswerSchema,
  contactSchema,
} from "./contact-schemas.ts";
export type {
  Contact,
  ContactAccept,
  ContactAct,
  ContactRequest,
  ContactsAnswer,
  ContactState,
} from "./contact-schemas.ts";
export {
  clientAdditionAnswerSchema,
  clientRevocationRequestSchema,
  clientAdditionRequestSchema,
  clientsAnswerSchema,
  clientsProofAnswerSchema,
  clientsProofRequestSchema,
} from "./client-schemas.ts";
export type { ClientsAnswer } from "./client-schemas.ts";
export {
  deletionRequestSchema,
  deletionStartAnswerSchema,
  deletionStartRequestSchema,
} from "./deletion-schemas.ts";
export type {
  DeletionRequest,
  DeletionStartAnswer,
  DeletionStartRequest,
} from "./deletion-schemas.ts";
export {
  emailAnswerSchema,
  emailConfirmRequestSchema,
  emailRequestSchema,
  externalFinishRequestSchema,
  externalLinkRequestSchema,
  externalStartAnswerSchema,
  externalStartRequestSchema,
  factorsAnswerSchema,
  loginFactorRequestSchema,
  passkeyAssertionRequestSchema,
  passkeyRegistrationRequestSchema,
  passkeyStartAnswerSchema,
  proofAnswerSchema,
  passwordProofAnswerSchema,
  passwordProofRequestSchema,
  provedFactorRequestSchema,
  recoveryCodesAnswerSchema,
  totpConfirmRequestSchema,
  totpStartAnswerSchema,
} from "./factor-schemas.ts";
export type {
  EmailAnswer,
  EmailConfirmRequest,
  EmailRequest,
  FactorsAnswer,
  LoginFactorRequest,
  PasskeyAssertion,
  PasskeyRegistration,
  PasswordProofAnswer,
  PasswordProofRequest,
  ProvedFactorRequest,
  RecoveryCodesAnswer,
  TotpConfirmRequest,
  TotpStartAnswer,
} from "./factor-schemas.ts";
export {
  frozenRoomsAnswerSchema,
  peerDetailSchema,
  peerRuleRequestSchema,
  peersAnswerSchema,
  peersQuerySchema,
  probeAnswerSchema,
} from "./federation-schemas.ts";
export type {
  FrozenRoomsAnswer,
  PeerDetail,
  PeerRule,
  PeerRuleRequest,
  PeersAnswer,
  PeerSummary,
  ProbeAnswer,
  ProbeStep,
} from "./federation-schemas.ts";
export {
  addressField,
  base64Url,
  clientField,
  domainField,
  roomField,
  streamField,
  userField,
} from "./fields.ts";
export {
  passwordResetFinishRequestSchema,
  passwordResetStartAnswerSchema,
  passwordResetStartRequestSchema,
  recoveryAnswerSchema,
  recoveryProofAnswerSchema,
  recoveryProofRequestSchema,
  recoveryStartAnswerSchema,
  recoveryStartRequestSchema,
  recoveryVersionSchema,
  recoveryWriteSchema,
} from "./recovery-schemas.ts";
export { RENDEZVOUS_LIMITS } from "./rendezvous-limits.ts";
export {
  clientApprovalAnswerSchema,
  clientApprovalRequestSchema,
  rendezvousAnswerSchema,
  rendezvousApprovingSchema,
  rendezvousJoiningSchema,
  rendezvousRequestSchema,
  rendezvousTurnSchema,
} from "./rendezvous-schemas.ts";
export type { RendezvousEnd } from "./rendezvous-schemas.ts";
export { MEDIA_TYPE_TLS, MEDIA_TYPE_JSON } from "./media-types.ts";
export { routes, paths } from "./paths.ts";
export { hubOfferAnswerSchema, hubOfferRequestSchema } from "./hub-schemas.ts";
export type { HubOfferAnswer, HubOfferQuestion } from "./hub-schemas.ts";
export {
  reserveRoomRequestSchema,
  reserveRoomAnswerSchema,
  leaveRequestSchema,
  leaveAnswerSchema,
  roomsAnswerSchema,
  keyPackagesAnswerSchema,
  keyPackageUploadAnswerSchema,
  ticketAnswerSchema,
  ticketRequestSchema,
  subscriptionsAnswerSchema,
  entriesQuerySchema,
  treeQuerySchema,
} from "./room-schemas.ts";
export type {
  ReserveRoomRequest,
  ReserveRoomAnswer,
  LeaveRequest,
  LeaveAnswer,
  RoomsAnswer,
  KeyPackagesAnswer,
  KeyPackageUploadAnswer,
  TicketAnswer,
  TicketRequest,
  SubscriptionsAnswer,
  EntriesQuery,
  TreeQuery,
} from "./room-schemas.ts";
export {
  contactResetSchema,
  resetAnswerSchema,
  resetFinishRequestSchema,
  resetRequestSchema,
  resetStartAnswerSchema,
  resetStartRequestSchema,
  resetWaitingSchema,
} from "./reset-schemas.ts";
export type {
  ContactReset,
  ResetAnswer,
  ResetFinishRequest,
  ResetRequest,
  ResetStartAnswer,
  ResetStartRequest,
} from "./reset-schemas.ts";
export { healthAnswerSchema, serverAnswerSchema } from "./server-schemas.ts";
export type { HealthAnswer, ServerAnswer } from "./server-schemas.ts";
export {
  DEFAULT_PRIVACY,
  type Privacy,
  type PrivacyChange,
  privacyChangeSchema,
  privacySchema,
} from "./privacy-schemas.ts";
