import { nameOf } from "@treehouse/protocol";
import type { Contact, UserUri } from "@treehouse/protocol";
import type { AuthenticationContext } from "../context.ts";
import { contactOf } from "./relation.ts";

/** Everybody with whom the user has something to do, by URI. */
export async function listContacts(
  { contacts, database }: AuthenticationContext,
  actor: UserUri,
): Promise<Contact[]> {
  const listed = await database.read((tx) => contacts.list(tx, nameOf(actor)));
  return listed.map(({ user, rows, blockedSince }) => contactOf(user, rows, blockedSince));
}
