import { createHash } from "node:crypto";

/**
 * Shortens an address or URI to its sort, its server and a fingerprint, so that two lines about the
 * same user can be matched and the name is still not in the log: `mimi://example.org/u/#1f0c9a2b`.
 */
export function redactAddress(address: string): string {
  const uri = /^mimi:\/\/([a-z0-9.-]{1,253})\/([a-z])\//.exec(address);
  if (uri !== null) return `mimi://${uri[1]}/${uri[2]}/#${fingerprint(address)}`;
  const domain = /@([a-z0-9.-]{1,253})$/i.exec(address)?.[1];
  return domain === undefined ? `#${fingerprint(address)}` : `#${fingerprint(address)}@${domain}`;
}

/**
 * Text for the log without what could be a secret or an address. Long runs without a space may be
 * keys, tokens or ciphertext; short ones may be names, and stay.
 */
export function redactText(text: string): string {
  return text
    .slice(0, textMax)
    .replaceAll(/mimi:\/\/[^\s"'<>]+/g, (uri) => redactAddress(uri))
    .replaceAll(/[^\s"'<>:@]+@[a-z0-9.-]+/gi, (address) => redactAddress(address))
    .replaceAll(/[A-Za-z0-9+/_=-]{20,}/g, withheld);
}

export const withheld = "[withheld]";

const textMax = 500;

function fingerprint(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}
