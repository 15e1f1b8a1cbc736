export { type Act, ACT_KINDS, type ActKind, actCodec } from "./act.ts";
export { actsOfCommit, type CommitSeen } from "./acts-of-commit.ts";
export { AUDIT_AAD_COMPONENT, type AuditLink, auditLinkCodec, sealedLinkCodec } from "./link.ts";
export {
  type AuditHead,
  auditHeadCodec,
  type AuditRecord,
  auditRecordCodec,
  firstAuditHead,
  nextAuditHead,
  type SignedRecord,
  signedRecordCodec,
  signRecord,
  verifyRecord,
} from "./record.ts";
