import { toBase64Url } from "../bytes/index.ts";
import { remembering } from "../remembering.ts";
import type {
  AssetUri,
  ClientUri,
  Domain,
  GroupUri,
  RoomUri,
  StreamUri,
  UserUri,
} from "./brands.ts";
import {
  parseAssetUri,
  parseClientUri,
  parseDomain,
  parseGroupUri,
  parseRoomUri,
  parseUserUri,
} from "./parse.ts";

const SCHEME_LENGTH = "mimi://".length;
const remembered = 4_096;

/** The authority of any URI of ours. */
export const domainOf = remembering(
  remembered,
  (uri: UserUri | ClientUri | RoomUri | GroupUri | AssetUri): Domain =>
    parseDomain(uri.slice(SCHEME_LENGTH, uri.indexOf("/", SCHEME_LENGTH))),
);

/** The local part of a user's or a client's URI: `alice`. */
export function nameOf(uri: UserUri | ClientUri): string {
  return uri.split("/")[4] ?? "";
}

/** The user to whom a client belongs. */
export const userOfClient = remembering(remembered, (client: ClientUri): UserUri =>
  parseUserUri(`mimi://${domainOf(client)}/u/${nameOf(client)}`),
);

/** The MLS group of one generation of a room. */
export function groupUriOf(room: RoomUri, generation: number): GroupUri {
  return parseGroupUri(`mimi://${domainOf(room)}/g/${idOf(room)}.${generation}`);
}

/** The room and generation that a group belongs to. */
export function roomOfGroup(group: GroupUri): { room: RoomUri; generation: number } {
  const [id = "", generation = ""] = idOf(group).split(".");
  return {
    room: parseRoomUri(`mimi://${domainOf(group)}/r/${id}`),
    generation: Number(generation),
  };
}

export function isRoomStream(stream: StreamUri): stream is RoomUri {
  return stream.charAt(stream.indexOf("/", SCHEME_LENGTH) + 1) === "r";
}

/** A new client of a user, named by 16 random octets. */
export function mintClientUri(user: UserUri, random: (length: number) => Uint8Array): ClientUri {
  return parseClientUri(`mimi://${domainOf(user)}/d/${nameOf(user)}/${mintId(random)}`);
}

/** A new room, named by 16 random octets. */
export function mintRoomUri(domain: Domain, random: (length: number) => Uint8Array): RoomUri {
  return parseRoomUri(`mimi://${domain}/r/${mintId(random)}`);
}

/** A new asset of a server, named by 32 random octets. */
export function mintAssetUri(domain: Domain, random: (length: number) => Uint8Array): AssetUri {
  return parseAssetUri(`mimi://${domain}/a/${toBase64Url(random(32))}`);
}

function mintId(random: (length: number) => Uint8Array): string {
  const alphabet = "abcdefghijklmnopqrstuvwxyz234567";
  let text = "";
  let pending = 0;
  let bits = 0;
  for (const octet of random(16)) {
    pending = ((pending << 8) | octet) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet.charAt((pending >> bits) & 31);
    }
  }
  return text + alphabet.charAt((pending << (5 - bits)) & 31);
}

function idOf(uri: RoomUri | GroupUri): string {
  return uri.slice(uri.lastIndexOf("/") + 1);
}
