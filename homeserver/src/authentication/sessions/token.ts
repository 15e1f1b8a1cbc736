import { hash } from "node:crypto";
import { toBase64Url } from "@treehouse/protocol";
import type { Bytes, Env } from "@treehouse/protocol";

const TOKEN_BYTES = 32;
const TOKEN_CHARACTERS = 43;

export type Token = { readonly text: string; readonly hash: Bytes };

/** 256 random bits. The text goes to its holder, the hash into the database. */
export function mintToken(env: Pick<Env, "random">): Token {
  const text = toBase64Url(env.random(TOKEN_BYTES));
  return { text, hash: hashToken(text) };
}

export function looksLikeToken(text: string): boolean {
  return text.length === TOKEN_CHARACTERS;
}

/** Of the text, so that each token has exactly one spelling. */
export function hashToken(text: string): Bytes {
  return new Uint8Array(hash("sha256", text, "buffer"));
}

/** The same hash as a text, for maps. */
export function tokenKey(text: string): string {
  return hash("sha256", text, "base64url");
}

/** Random enough never to collide, short enough to be typed; a name, not a secret. */
export function mintId(env: Pick<Env, "random">): string {
  return toBase64Url(env.random(12));
}
