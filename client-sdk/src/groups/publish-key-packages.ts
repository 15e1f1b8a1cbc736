import { type CreatedKeyPackage, createKeyPackage } from "@treehouse/mls/member";
import {
  keyPackageUploadCodec,
  keyPackagesAnswerSchema,
  keyPackageUploadAnswerSchema,
  LIMITS,
  paths,
  toHex,
} from "@treehouse/protocol";

import type { GroupsContext } from "./context.ts";

/** Below this stock new KeyPackages are published, up to `stockFull`. */
const stockLow = 20;
const stockFull = 50;
const lifetimeMs = LIMITS.keyPackageLifetimeMaxMs - LIMITS.clockSkewMs;

/**
 * Keeps the server's stock of this client's KeyPackages filled, and one of last resort beside it.
 * The private halves are durable before the public ones leave.
 */
export async function publishKeyPackages(context: GroupsContext): Promise<void> {
  await context.store.transaction((tx) => tx.keyPackages.deleteExpired(context.env.now()));
  const stock = await context.api.json("GET", paths.keyPackages(), keyPackagesAnswerSchema);
  if (stock.stock >= stockLow && stock.lastResort) return;
  const wanted = Array.from({ length: Math.max(0, stockFull - stock.stock) }, () => false);
  if (!stock.lastResort) wanted.push(true);
  const created: (CreatedKeyPackage & { readonly lastResort: boolean })[] = [];
  for (const lastResort of wanted) {
    const made = await createKeyPackage(context.member, context.identity, {
      lifetimeMs,
      lastResort,
    });
    created.push({ lastResort, ...made });
  }
  await context.store.transaction((tx) => {
    for (const { ref, lastResort, notAfter, secret } of created) {
      tx.keyPackages.add({ ref: toHex(ref), lastResort, notAfter, secret });
    }
  });
  const upload = created.map(({ lastResort, keyPackage }) => ({ lastResort, keyPackage }));
  const body = keyPackageUploadCodec.encode(upload);
  await context.api.tlsToJson(paths.keyPackages(), body, keyPackageUploadAnswerSchema);
}
