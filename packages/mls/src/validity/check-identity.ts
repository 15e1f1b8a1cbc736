import { checkLeafIdentity, equalBytes } from "@treehouse/protocol";

import type { MlsCrypto } from "../crypto/index.ts";
import type { LeafView } from "../tree/index.ts";

/**
 * The identity in a leaf bears out its client and key at that time. Its signatures were verified
 * when `former`, the leaf in whose place it stands, came in with the same identity: then the fields
 * are compared and nothing is verified again. Refusal: identityInvalid.
 */
export function checkIdentity(
  crypto: Pick<MlsCrypto, "verify">,
  leaf: LeafView,
  at: number,
  former?: LeafView,
): void {
  const known = former !== undefined && equalBytes(former.identityData, leaf.identityData);
  checkLeafIdentity(leaf.identity, {
    client: leaf.client,
    signatureKey: leaf.signatureKey,
    at,
    verify: (key, message, signature) => known || crypto.verify(key, message, signature),
  });
}
