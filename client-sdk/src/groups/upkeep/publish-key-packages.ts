import { type CreatedKeyPackage, createKeyPackage } from "@treehouse/mls/member";
import {
  keyPackageUploadCodec,
  keyPackagesAnswerSchema,
  keyPackageUploadAnswerSchema,
  LIMITS,
  paths,
  toHex,
} from "@treehouse/protocol";

import type { GroupsContext } from "../room/index.ts";

/** Below `low` new KeyPackages are published, up to `full`. */
export type KeyPackageStock = { readonly low: number; readonly full: number };

/** What others add a client with while it is away for days. */
const stockDefault: KeyPackageStock = { low: 20, full: 50 };

const lifetimeMs = LIMITS.keyPackageLifetimeMaxMs - LIMITS.clockSkewMs;

/**
 * Keeps the server's stock of this client's KeyPackages filled, and one of last resort beside it.
 * The private halves are durable before the public ones leave.
 */
export async function publishKeyPackages(context: GroupsContext): Promise<void> {
  const { low, full } = context.keyPackageStock ?? stockDefault;
  await context.store.transaction((tx) => tx.keyPackages.deleteExpired(context.env.now()));
  const stock = await context.api.json("GET", paths.keyPackages(), keyPackagesAnswerSchema);
  if (stock.stock >= low && stock.lastResort) return;
  const wanted = Array.from({ length: Math.max(0, full - stock.stock) }, () => false);
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
