import type { PublicGroup } from "@treehouse/mls/public";
import { equalBytes, Refusal, userOfClient } from "@treehouse/protocol";
import type { ClientUri } from "@treehouse/protocol";
import type { ReadTx } from "../platform/index.ts";
import type { DeliveryContext } from "./context.ts";

/**
 * The client's leaf carries the key that its user's latest client list names: what was revoked is
 * not accepted any more. Asked in the transaction, so that no revocation slips in between.
 */
export async function checkLocalClient(
  { accounts }: DeliveryContext,
  tx: ReadTx,
  group: PublicGroup,
  client: ClientUri,
): Promise<void> {
  if (!accounts.isLocal(userOfClient(client))) {
    throw new Refusal("notAllowed", "Only this server's own users can be in its rooms.");
  }
  const listed = await accounts.clientKey(tx, client);
  const leaf = group.roster.find((entry) => entry.client === client)?.leaf;
  if (
    listed === undefined ||
    leaf === undefined ||
    !equalBytes(listed, group.signatureKeyOf(leaf))
  ) {
    throw new Refusal("identityInvalid", "A client is not in its user's latest client list.");
  }
}
