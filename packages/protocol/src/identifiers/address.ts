import { Refusal } from "../refusals/index.ts";
import type { Domain, UserUri } from "./brands.ts";
import { checkName, parseDomain, parseUserUri } from "./parse.ts";
import { domainOf, nameOf } from "./relations.ts";

/** The user of that name; "nameInvalid" if the name is not allowed. */
export function userUri(domain: Domain, name: string): UserUri {
  checkName(name);
  return parseUserUri(`mimi://${domain}/u/${name}`);
}

/**
 * Reads what people write, `alice@example.org`, in any case. "malformed" without exactly one '@' or
 * with an invalid domain, "nameInvalid" if the part before it is not allowed.
 */
export function parseAddress(text: string): UserUri {
  const [name, domain, ...more] = text.trim().toLowerCase().split("@");
  if (name === undefined || domain === undefined || more.length > 0) {
    throw new Refusal("malformed", "an address looks like alice@example.org");
  }
  return userUri(parseDomain(domain), name);
}

/** `alice@example.org` */
export function formatAddress(user: UserUri): string {
  return `${nameOf(user)}@${domainOf(user)}`;
}
