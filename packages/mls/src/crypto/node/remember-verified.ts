import { hash } from "node:crypto";

import type { Primitives } from "../primitives.ts";

type Verify = Primitives["ed25519Verify"];

/** 100 octets each. */
const rememberedMax = 8192;

/**
 * Whether a signature holds depends on nothing but key, message and signature, and the same ones come
 * again: a client's certificate with each of its KeyPackages and leaves, a KeyPackage at upload, in a
 * commit and in every tree. The hash of what has held costs a fiftieth of verifying it anew.
 */
export function rememberVerified(verify: Verify): Verify {
  const held = new Set<string>();
  return (publicKey, message, signature) => {
    const name = hash("sha256", Buffer.concat([publicKey, signature, message]), "base64");
    if (held.has(name)) return true;
    if (!verify(publicKey, message, signature)) return false;
    held.add(name);
    if (held.size > rememberedMax) {
      for (const oldest of held) {
        held.delete(oldest);
        break;
      }
    }
    return true;
  };
}
