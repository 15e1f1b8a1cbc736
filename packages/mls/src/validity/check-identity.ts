import { checkLeafIdentity } from "@treehouse/protocol";

import type { MlsCrypto } from "../crypto/index.ts";
import type { LeafView } from "../tree/index.ts";

/** The identity in a leaf bears out its client and key at that time. Refusal: identityInvalid. */
export function checkIdentity(crypto: MlsCrypto, leaf: LeafView, at: number): void {
  checkLeafIdentity(leaf.identity, {
    client: leaf.client,
    signatureKey: leaf.signatureKey,
    at,
    verify: (key, message, signature) => crypto.verify(key, message, signature),
  });
}
