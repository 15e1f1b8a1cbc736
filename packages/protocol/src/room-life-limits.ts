import { KIB } from "./units.ts";

/** The part of `LIMITS` that is about what a room says of itself, and how it lives. */
export const ROOM_LIFE_LIMITS = {
  /** The topic of a room. Its name has `nameBytesMax`, its description `descriptionBytesMax`. */
  roomTopicBytesMax: 256,
  /** The content of a room's picture, an asset. */
  roomPictureBytesMax: 512 * KIB,
  /** The link to it in the room's metadata. */
  roomPictureLinkBytesMax: 896,
  /** Days that a room may wait for a client that is not there. */
  unseenDaysMax: 3650,
  /** The reason that somebody gives for an act. */
  actReasonBytesMax: 512,
  /** The record of one commit: of as many acts as a commit can be. */
  auditRecordBytesMax: 64 * KIB,
} as const;
