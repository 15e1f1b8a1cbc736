import type { UserUri } from "@treehouse/protocol";

import type { GroupsContext } from "../room/index.ts";
import { noConsent } from "../changing/index.ts";

/**
 * Who cannot be found, or has given no leave, is told before anything is founded; the rest is
 * checked at the addition.
 */
export async function findStrangers(
  context: GroupsContext,
  users: readonly UserUri[],
): Promise<void> {
  const strangers = await context.store.transaction((tx) =>
    users.filter((user) => tx.contacts.get(user) === undefined),
  );
  for (const user of strangers) await context.people.lookUp(user);
  for (const user of users) {
    if (!(await context.people.mayAdd(user))) throw noConsent(user);
  }
}
