export { ephemeralHeaderCodec, ephemeralMessageCodec } from "./message.ts";
export type { EphemeralHeader, EphemeralMessage } from "./message.ts";
export { ephemeralPayloadCodec, signEphemeral, verifyEphemeral } from "./payload.ts";
export type { EphemeralContent, EphemeralPayload } from "./payload.ts";
export { PRESENCE_MEDIA_TYPE, presenceCodec } from "./presence.ts";
export type { Presence, PresenceState } from "./presence.ts";
export { TYPING_MEDIA_TYPE, typingCodec } from "./typing.ts";
export type { Typing } from "./typing.ts";
