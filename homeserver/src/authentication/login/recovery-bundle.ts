import { LIMITS, Refusal } from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";

/** The bundle is sealed by the client: there is nothing to check but its size. */
export function checkBundle(bundle: Bytes): void {
  if (bundle.length <= LIMITS.recoveryBundleBytesMax) return;
  throw new Refusal("limitExceeded", "the recovery bundle is too large", {
    limitName: "recoveryBundleBytesMax",
    limit: LIMITS.recoveryBundleBytesMax,
  });
}
