import { type Bytes, equalBytes, fromBase64Url, toBase64Url, utf8Encode } from "../bytes/index.ts";
import { fixed, malformed, optional, struct, versioned } from "../codec/index.ts";
import { domainOf, parseRoomUri, type RoomUri } from "../identifiers/index.ts";
import { labelledHash, LABELS } from "../labels/index.ts";
import { concatBytes } from "../bytes/index.ts";

/**
 * A link to a room. With a seed it is a right to come in; without one it says only where the room
 * is, which is enough for an open room, and to knock.
 */
export type RoomLink = {
  readonly room: RoomUri;
  readonly seed: Bytes | undefined;
  /** Opens the room's metadata, its name for one. */
  readonly metadataKey: Bytes | undefined;
};

/** Browsers and servers are never sent what stands behind the #. */
const prefix = "treehouse:join#";
const textMax = 512;
const checkLength = 4;
const secrets = versioned(
  1,
  struct<Omit<RoomLink, "room">>({
    seed: optional<Bytes>(fixed(32)),
    metadataKey: optional<Bytes>(fixed(32)),
  }),
);

/** FED-1088: `treehouse:join#<domain>/<room id>/<base64url>`. */
export function formatRoomLink(link: RoomLink): string {
  const content = secrets.encode(link);
  const all = concatBytes(content, checkOf(link.room, content));
  return `${prefix}${domainOf(link.room)}/${idOf(link.room)}/${toBase64Url(all)}`;
}

/**
 * Refuses `malformed`, with what is wrong: not a link, one of a later version, or one that was not
 * copied whole. `https://…/join#…` is the same as `treehouse:join#…`.
 */
export function parseRoomLink(text: string): RoomLink {
  const trimmed = text.trim();
  const at = trimmed.indexOf("#");
  const before = trimmed.slice(0, at + 1);
  const isOurs = before === prefix || /^https:\/\/[^/#?\s]+\/join#$/.test(before);
  if (!isOurs || trimmed.length > textMax) throw malformed("not a link to a room");
  const parts = trimmed.slice(at + 1).split("/");
  const [domain, id, data] = parts;
  if (domain === undefined || id === undefined || data === undefined || parts.length !== 3) {
    throw malformed("a link to a room that was not copied whole");
  }
  return read(parseRoomUri(`mimi://${domain}/r/${id}`), data);
}

function read(room: RoomUri, data: string): RoomLink {
  const all = fromBase64Url(data);
  const content = all.slice(0, Math.max(0, all.length - checkLength));
  const check = all.slice(content.length);
  if (content.length === 0 || !equalBytes(check, checkOf(room, content))) {
    throw malformed("a link to a room that was not copied whole, or was altered");
  }
  return { room, ...secrets.decode(content) };
}

function checkOf(room: RoomUri, content: Uint8Array): Bytes {
  const input = concatBytes(utf8Encode(room), Uint8Array.of(0), content);
  return labelledHash(LABELS.joinLinkCheck, input).slice(0, checkLength);
}

function idOf(room: RoomUri): string {
  return room.slice(room.lastIndexOf("/") + 1);
}
