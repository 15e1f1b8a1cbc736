import { labelledHash, LABELS, userUri, utf8Encode } from "@treehouse/protocol";
import type { Bytes, Domain, UserUri } from "@treehouse/protocol";

/**
 * The user a chosen name stands for. Names are ASCII, so that no two of them look alike, and case
 * is folded here, so that `Alice` and `alice` are one account.
 *
 * Refuses `nameInvalid`.
 */
export function userOfName(domain: Domain, chosen: string): UserUri {
  return userUri(domain, foldCase(chosen));
}

/** What is kept of a name after its account is gone. */
export function hashName(name: string): Bytes {
  return labelledHash(LABELS.accountTombstone, utf8Encode(name));
}

/** ASCII only: `toLowerCase` would turn foreign letters, such as the Kelvin sign, into ours. */
function foldCase(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}
