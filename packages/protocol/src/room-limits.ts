import { KIB } from "./units.ts";

/** The part of `LIMITS` that is about the state of a room and those who are in it. */
export const ROOM_LIMITS = {
  /** The app_data_dictionary of a GroupContext (room state). */
  dictionaryBytesMax: 64 * KIB,
  /** Components of one dictionary. */
  dictionaryComponentsMax: 64,
  /** Encrypted room metadata in the room state. */
  roomMetadataBytesMax: 4 * KIB,
  /** Users who are banned from one room. */
  bansMax: 1000,
  /** Users who are muted in one room. */
  mutesMax: 200,
} as const;
