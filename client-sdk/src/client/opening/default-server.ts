import { domainOf, type UserUri } from "@treehouse/protocol";

/** Where the server of a user is looked for when nobody says. */
export function defaultServer(user: UserUri): string {
  const domain = domainOf(user);
  return domain === "localhost" ? "http://127.0.0.1:4280" : `https://${domain}`;
}
