import { type ClientUri, formatAddress, toHex, type UserUri } from "@treehouse/protocol";

import type { AccountContext } from "./context.ts";
import { lookUp } from "./people.ts";

export type FoundContact = {
  readonly user: UserUri;
  readonly address: string;
  /** Hex; pinned at first sight. */
  readonly identityKey: string;
  readonly clients: readonly ClientUri[];
};

/** Looks a user up by full identifier. Refuses `unknownUser` and `identityInvalid`. */
export async function findContact(context: AccountContext, user: UserUri): Promise<FoundContact> {
  const { list, certificate } = await lookUp(context, user);
  return {
    user,
    address: formatAddress(user),
    identityKey: toHex(certificate.identityKey),
    clients: list.clients.map(({ client }) => client),
  };
}
