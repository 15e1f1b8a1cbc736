import type { Bytes } from "@treehouse/protocol";

import { type CheckedKeyPackage, checkKeyPackage as check } from "../validity/index.ts";
import type { MemberContext } from "./face.ts";

/**
 * Judges a KeyPackage before it is added, by the rule of the server, and answers whose it is. That
 * the user wants this client is for the caller to know, from the user's client list.
 * Refusals: malformed, tooLarge, invalidKeyPackage, identityInvalid.
 */
export function checkKeyPackage(context: MemberContext, bytes: Bytes): Promise<CheckedKeyPackage> {
  return check(context.crypto, bytes, context.now());
}
