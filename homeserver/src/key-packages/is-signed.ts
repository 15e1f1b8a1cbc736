import { verifyKeyMaterialRequest } from "@treehouse/protocol";
import type { KeyMaterialRequest } from "@treehouse/protocol";
import type { KeyPackagesContext } from "./context.ts";

/** Whether the key inside the request signed it. */
export function isSigned(
  { crypto }: Pick<KeyPackagesContext, "crypto">,
  request: KeyMaterialRequest,
): boolean {
  return verifyKeyMaterialRequest(request, (key, message, signature) =>
    crypto.verify(key, message, signature),
  );
}
