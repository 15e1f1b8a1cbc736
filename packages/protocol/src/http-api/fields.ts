import { z } from "zod";
import {
  parseAddress,
  parseAssetUri,
  parseClientUri,
  parseDomain,
  parseGroupUri,
  parseRoomUri,
  parseStreamUri,
  parseUserUri,
} from "../identifiers/index.ts";
import { LIMITS } from "../limits.ts";

/** Octets as base64url without padding; the bounds count octets. */
export function base64Url(bounds: { readonly max: number; readonly min?: number }) {
  return z
    .string()
    .min(Math.ceil(((bounds.min ?? 0) * 4) / 3))
    .max(Math.ceil((bounds.max * 4) / 3))
    .regex(/^(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2,3})?$/);
}

/** Milliseconds since the Unix epoch. */
export const time = z.int().nonnegative();
/** A position, an epoch, a version or another count. */
export const count = z.int().nonnegative();

export const domainField = uri(parseDomain);
export const userField = uri(parseUserUri);
export const clientField = uri(parseClientUri);
export const roomField = uri(parseRoomUri);
export const groupField = uri(parseGroupUri);
export const assetField = uri(parseAssetUri);
export const streamField = uri(parseStreamUri);

/** `alice@example.org`, as people write it. */
export const addressField = uri(parseAddress);

/** An opaque identifier or token made by a server. */
export const token = z.string().min(1).max(256);

function uri<T extends string>(parse: (text: string) => T) {
  return z
    .string()
    .min(1)
    .max(LIMITS.uriBytesMax)
    .refine((text) => parses(parse, text), { abort: true })
    .transform(parse);
}

function parses(parse: (text: string) => string, text: string): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}
