export { decodeCbor } from "./decode-cbor.ts";
export { encodeCbor } from "./encode-cbor.ts";
export {
  type Attachment,
  ATTACHMENT_LIMITS,
  type Continued,
  type FileLink,
  type MediaFacts,
  type Preview,
  previewTypes,
  type PreviewType,
} from "./attachment.ts";
export { attachmentContent } from "./attachment-content.ts";
export { type Attachments, attachmentsOf, hasFiles } from "./attachments-of.ts";
export type { CborFloat, CborKey, CborMap, CborTag, CborValue } from "./cbor.ts";
export {
  changeOf,
  type ContentChange,
  deletionContent,
  editContent,
  isEmoji,
  reactionContent,
  unlikeContent,
} from "./change-content.ts";
export { checkContent } from "./check-content.ts";
export { decodeContent } from "./decode-content.ts";
export { encodeContent } from "./encode-content.ts";
export { messageId } from "./message-id.ts";
export {
  decodeMessageStatus,
  encodeMessageStatus,
  MESSAGE_STATUSES,
  type MessageStatus,
  statusContent,
  statusOf,
} from "./message-status.ts";
export {
  CONTENT_BOUNDS,
  CONTENT_EXTENSIONS,
  DISPOSITIONS,
  MEDIA_TYPE_CONTENT,
  MEDIA_TYPE_MARKDOWN,
  MEDIA_TYPE_STATUS,
  MEDIA_TYPE_TEXT,
} from "./mimi-content.ts";
export type {
  ContentExtensions,
  Expiration,
  ExternalPart,
  MimiContent,
  MultiPart,
  NestedPart,
  NullPart,
  PartSemantics,
  SinglePart,
} from "./mimi-content.ts";
export {
  MEDIA_TYPE_PROFILE,
  type Profile,
  PROFILE_LIMITS,
  profileContent,
  profileOf,
  profileSchema,
} from "./profile.ts";
export { type Forwarded, forwardContent, forwardedOf } from "./forwarded.ts";
export {
  LINK_PREVIEW_LIMITS,
  type LinkPreview,
  linkPreviewOf,
  linksIn,
  withLinkPreview,
} from "./link-preview.ts";
export { pinContent } from "./pin.ts";
export {
  isVoteIn,
  MEDIA_TYPE_POLL,
  type Poll,
  pollContent,
  pollEndContent,
  POLL_LIMITS,
  pollOf,
  voteContent,
} from "./poll.ts";
export { type SaidBy, singleContent } from "./single-content.ts";
export {
  isMarkdown,
  type Mentions,
  MENTIONS_MAX,
  mentionsIn,
  mentionsOf,
  textContent,
  textOf,
} from "./text-content.ts";
export { isShowable } from "./showable.ts";
export { FILE_STEP_BYTES } from "./padding.ts";
export * from "./stickers/index.ts";
export { jsonPart, mainPart, withFallback } from "./vendor-part.ts";
