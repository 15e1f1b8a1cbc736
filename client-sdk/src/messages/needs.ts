import {
  attachmentsOf,
  type CapabilityName,
  changeOf,
  linkPreviewOf,
  linksIn,
  type MimiContent,
  textOf,
} from "@treehouse/protocol";

/** Of each of these one is needed. */
export type Needs = readonly (readonly CapabilityName[])[];

/** FED-758: what a role must have for what a message holds, which no server can see. */
export function needsOf(content: MimiContent): Needs {
  const change = changeOf(content);
  if (change !== undefined && change.kind !== "edit") return [];
  const place: Needs = [
    ...(content.inReplyTo === undefined ? [] : [["replyToMessage"] as const]),
    ...(content.topicId.length === 0 ? [] : [["startTopic", "replyInTopic"] as const]),
  ];
  return [
    // An edit stays where the message is.
    ...(change === undefined ? place : []),
    ...attachmentsOf(content).files.map(({ mediaType }) => [uploadOf(mediaType)] as const),
    ...(linksIn(textOf(content) ?? "").length === 0 ? [] : [["sendLink"] as const]),
    ...(linkPreviewOf(content) === undefined ? [] : [["sendLinkPreview"] as const]),
  ];
}

function uploadOf(mediaType: string): CapabilityName {
  if (mediaType.startsWith("image/")) return "uploadImage";
  if (mediaType.startsWith("audio/")) return "uploadAudio";
  return mediaType.startsWith("video/") ? "uploadVideo" : "uploadAttachment";
}
