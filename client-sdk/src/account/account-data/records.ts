import { sha256, utf8Encode } from "@treehouse/protocol";

/**
 * The names of all records. What there is one of for each person or room is spread over several
 * records by the hash of its URI, so that none grows beyond what the server takes.
 */
export const SETTINGS_RECORD = "settings";
/** What the user says of themselves to others. */
export const PROFILE_RECORD = "profile";
/** What the user has begun to write. */
export const DRAFTS_RECORD = "drafts";
/** Which threads the user follows, and how far they were read. */
export const THREADS_RECORD = "threads";

/** The sticker packs that the user has, and the stickers used of late. */
export const STICKERS_RECORD = "stickers";

const peopleShards = 32;
const roomShards = 16;
const fileShards = 64;
const placeShards = 8;

/** Where the user has put conversations. */
export const placeRecords: readonly string[] = Array.from(
  { length: placeShards },
  (_, shard) => `places/${shard}`,
);

export const recordNames: readonly string[] = [
  SETTINGS_RECORD,
  PROFILE_RECORD,
  DRAFTS_RECORD,
  THREADS_RECORD,
  STICKERS_RECORD,
  ...Array.from({ length: peopleShards }, (_, shard) => `people/${shard}`),
  ...Array.from({ length: roomShards }, (_, shard) => `rooms/${shard}`),
  ...Array.from({ length: fileShards }, (_, shard) => `files/${shard}`),
  ...placeRecords,
];

/** Those that hold the library of files. */
export const fileRecords: readonly string[] = recordNames.filter((name) =>
  name.startsWith("files/"),
);

export function recordOfPerson(user: string): string {
  return `people/${shardOf(user, peopleShards)}`;
}

export function recordOfRoom(room: string): string {
  return `rooms/${shardOf(room, roomShards)}`;
}

export function recordOfFile(id: string): string {
  return `files/${shardOf(id, fileShards)}`;
}

export function recordOfPlace(room: string): string {
  return `places/${shardOf(room, placeShards)}`;
}

function shardOf(uri: string, shards: number): number {
  return (sha256(utf8Encode(uri))[0] ?? 0) % shards;
}
