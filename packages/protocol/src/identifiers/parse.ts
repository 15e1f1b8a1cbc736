import { LIMITS } from "../limits.ts";
import { Refusal } from "../refusals/index.ts";
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

const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const DOMAIN = `(?:${LABEL}\\.)*${LABEL}`;
const NAME = "[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?";
/** 16 octets in base32: the last of the 26 characters carries three bits only. */
const ID = "[a-z2-7]{25}[aeimquy4]";
/** 32 octets in base64url: the last of the 43 characters carries four bits only. */
const ASSET_ID = "[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]";
const GENERATION = "0|[1-9][0-9]{0,9}";

const domainPattern = new RegExp(`^${DOMAIN}$`);
const namePattern = new RegExp(`^${NAME}$`);
const userPattern = new RegExp(`^mimi://(${DOMAIN})/u/(${NAME})$`);
const clientPattern = new RegExp(`^mimi://(${DOMAIN})/d/(${NAME})/${ID}$`);
const roomPattern = new RegExp(`^mimi://(${DOMAIN})/r/${ID}$`);
const groupPattern = new RegExp(`^mimi://(${DOMAIN})/g/${ID}\\.(${GENERATION})$`);

const assetPattern = new RegExp(`^mimi://(${DOMAIN})/a/${ASSET_ID}$`);

const DOMAIN_LENGTH_MAX = 253;
const GENERATION_MAX = 0xffff_ffff;

/** Most of what is parsed was parsed a moment before: with every message the same names come. */
const remembered = 4_096;

/** "malformed" unless it is a DNS name in lower case whose last label is no number. */
export const parseDomain = remembering(remembered, (text: string): Domain => {
  if (!isDomain(text)) throw invalid("a domain");
  return text;
});

/** "malformed" unless it is a user's URI in its one spelling. */
export const parseUserUri = remembering(remembered, (text: string): UserUri => {
  if (!isUserUri(text)) throw invalid("a user's URI");
  return text;
});

/** "malformed" unless it is a client's URI in its one spelling. */
export const parseClientUri = remembering(remembered, (text: string): ClientUri => {
  if (!isClientUri(text)) throw invalid("a client's URI");
  return text;
});

/** "malformed" unless it is a room's URI in its one spelling. */
export const parseRoomUri = remembering(remembered, (text: string): RoomUri => {
  if (!isRoomUri(text)) throw invalid("a room's URI");
  return text;
});

/** "malformed" unless it is a group's URI in its one spelling, its generation an u32. */
export const parseGroupUri = remembering(remembered, (text: string): GroupUri => {
  if (!isGroupUri(text)) throw invalid("a group's URI");
  return text;
});

/** "malformed" unless it is an asset's URI in its one spelling. */
export function parseAssetUri(text: string): AssetUri {
  if (!isAssetUri(text)) throw invalid("an asset's URI");
  return text;
}

/** "malformed" unless it is a room's or a client's URI. */
export const parseStreamUri = remembering(remembered, (text: string): StreamUri => {
  if (!isRoomUri(text) && !isClientUri(text)) throw invalid("a stream's URI");
  return text;
});

/** "nameInvalid" unless it is the local part of an address. */
export function checkName(name: string): void {
  if (!isName(name)) throw new Refusal("nameInvalid", "the name is not allowed");
}

function isDomain(text: string): text is Domain {
  if (text.length > DOMAIN_LENGTH_MAX || !domainPattern.test(text)) return false;
  return !/^[0-9]+$/.test(text.slice(text.lastIndexOf(".") + 1));
}

function isUserUri(text: string): text is UserUri {
  const found = match(text, userPattern);
  return found !== undefined && isName(found[2] ?? "");
}

function isClientUri(text: string): text is ClientUri {
  const found = match(text, clientPattern);
  return found !== undefined && isName(found[2] ?? "");
}

function isRoomUri(text: string): text is RoomUri {
  return match(text, roomPattern) !== undefined;
}

function isGroupUri(text: string): text is GroupUri {
  const found = match(text, groupPattern);
  return found !== undefined && Number(found[2]) <= GENERATION_MAX;
}

function isAssetUri(text: string): text is AssetUri {
  return match(text, assetPattern) !== undefined;
}

/** The pattern's groups, the first of which is a domain. */
function match(text: string, pattern: RegExp): RegExpExecArray | undefined {
  if (text.length > LIMITS.uriBytesMax) return undefined;
  const found = pattern.exec(text);
  return found !== null && isDomain(found[1] ?? "") ? found : undefined;
}

function isName(name: string): boolean {
  return namePattern.test(name) && !name.includes("..");
}

function invalid(what: string): Refusal {
  return new Refusal("malformed", `not ${what}`);
}
