import { fromBase64Url, toBase64Url } from "../bytes/index.ts";
import { type ClientUri, parseClientUri, parseDomain } from "../identifiers/index.ts";
import { Refusal } from "../refusals/index.ts";
import type { NamedHub } from "../room/index.ts";
import { TOMBSTONE_REASONS } from "./entry.ts";
import type { Entry } from "./entry.ts";

/** FED-1124: the detail of the tombstone with which a hub closes its log of a room that moves. */
export function movedDetail({ hub, term, hubKey }: NamedHub): string {
  return `${hub} ${term} ${toBase64Url(hubKey)}`;
}

/** The hub that such a tombstone names; undefined for any other entry, and for what cannot be read. */
export function readMoved(entry: Entry): NamedHub | undefined {
  if (entry.kind !== "tombstone" || entry.reason !== TOMBSTONE_REASONS.moved) return undefined;
  const [hub = "", term = "", key = "", ...more] = entry.detail.split(" ");
  try {
    const named = { hub: parseDomain(hub), term: Number(term), hubKey: fromBase64Url(key) };
    const isRead = more.length === 0 && /^[1-9]\d{0,15}$/.test(term) && named.hubKey.length === 32;
    return isRead && named.term > entry.term ? named : undefined;
  } catch (error) {
    if (error instanceof Refusal || error instanceof RangeError) return undefined;
    throw error;
  }
}

/**
 * The client whose leaf is the only one of the generation that an entry begins (FED-1134): all others are
 * out of the group with it. Undefined for any other entry, and for what cannot be read.
 */
export function readBegun(entry: Entry): ClientUri | undefined {
  if (entry.kind !== "tombstone" || entry.reason !== TOMBSTONE_REASONS.begun) return undefined;
  try {
    return parseClientUri(entry.detail);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
