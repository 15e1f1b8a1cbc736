import type { GroupMember } from "@treehouse/mls/member";
import { equalBytes, Refusal, type UserUri } from "@treehouse/protocol";

import type { KnownUser } from "../room/index.ts";
import type { FormerGroup } from "./former-group.ts";
import { isKnown, type SignerIdentity } from "../generations/check-succession.ts";

type Signer = SignerIdentity & Pick<GroupMember, "client">;

type Directory = {
  lookUp(user: UserUri): Promise<Pick<KnownUser, "identityKey" | "clients">>;
};

/**
 * Who signed what the server offers is a member whom this client knew, or a client that its own user's
 * server names: nobody comes back into a group that strangers have made (T-20). Refuses
 * `invalidMessage`, and what a look-up refuses.
 */
export async function checkSigner(
  people: Directory,
  former: Pick<FormerGroup, "identities">,
  signer: Signer,
): Promise<void> {
  if (isKnown(former, signer)) return;
  const { identityKey, clients } = await people.lookUp(signer.user);
  const isListed = clients.some(({ client }) => client === signer.client);
  if (isListed && equalBytes(identityKey, signer.identity.certificate.identityKey)) return;
  throw new Refusal("invalidMessage", "the GroupInfo is signed by somebody who is not known");
}
