import type { Bytes } from "@treehouse/protocol";

import { checkKeyPackage as check } from "../validity/index.ts";
import type { CheckedKeyPackage, PublicContext } from "./face.ts";

/**
 * Judges a KeyPackage at upload, claim and addition. `at` is milliseconds since the Unix epoch.
 * Refusals: malformed, tooLarge, invalidKeyPackage, identityInvalid.
 */
export function checkKeyPackage(
  context: PublicContext,
  bytes: Bytes,
  { at }: { at: number },
): Promise<CheckedKeyPackage> {
  return check(context.crypto, bytes, at);
}
