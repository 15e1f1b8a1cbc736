import { nameOf } from "@treehouse/protocol";
import type { UserUri } from "@treehouse/protocol";
import type { AuthenticationContext } from "../context.ts";
import { cancelledMail } from "./mails.ts";

/** Until when a reset of the account waits; undefined when none does. */
export async function readReset(
  { database, env, resets }: AuthenticationContext,
  user: UserUri,
): Promise<number | undefined> {
  const found = await database.read((tx) => resets.reset(tx, nameOf(user)));
  return found?.wait !== undefined && found.wait.readyUntil > env.now()
    ? found.wait.until
    : undefined;
}

/** Ends a reset, whatever has come of it, with the token that was mailed; the mailbox is told. */
export async function cancelReset(
  { database, domain, neighbours, resets }: AuthenticationContext,
  user: UserUri,
): Promise<void> {
  const name = nameOf(user);
  const ended = await database.transaction((tx) => resets.deleteReset(tx, name), { frees: true });
  if (ended) neighbours.current.mailboxes.mail(name, cancelledMail(domain, user));
}
