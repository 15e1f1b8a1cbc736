import { copyBytes } from "@treehouse/protocol";
import { encodeKeyPackage, makeKeyPackageRef } from "ts-mls/keyPackage.js";

import { toTsMls } from "../crypto/index.ts";
import { readLeaf } from "../tree/index.ts";
import { checkIdentity, checkKeyPackageForm } from "../validity/index.ts";
import type { ClientIdentity, CreatedKeyPackage, MemberContext } from "./face.ts";
import { encodeSecret, makeKeyPackage } from "./key-package.ts";

/**
 * A KeyPackage by which others can add this client. It is valid from an hour ago until `lifetimeMs`
 * from now, 90 days at most in all. Keep `secret` under `ref` until a Welcome was joined.
 * Refusal: identityInvalid, if the client's certification is not valid now.
 */
export async function createKeyPackage(
  context: MemberContext,
  identity: ClientIdentity,
  options: { lifetimeMs: number; lastResort: boolean },
): Promise<CreatedKeyPackage> {
  const made = await makeKeyPackage(context, identity, options);
  const keyPackage = copyBytes(encodeKeyPackage(made.publicPackage));
  // What a server would refuse is refused here; the own two signatures are not verified.
  const at = context.now();
  checkKeyPackageForm(context.crypto, made.publicPackage, at, "invalidKeyPackage");
  checkIdentity(context.crypto, readLeaf(made.publicPackage.leafNode), at);
  const { hash } = toTsMls(context.crypto);
  return {
    keyPackage,
    ref: copyBytes(await makeKeyPackageRef(made.publicPackage, hash)),
    secret: encodeSecret(made),
    notAfter: made.notAfter,
  };
}
