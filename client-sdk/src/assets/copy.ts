import { type AssetLink, type Env, toBase64Url } from "@treehouse/protocol";

import type { NewAccess } from "./access.ts";
import type { AssetApi } from "./asset-api.ts";
import { createPatience } from "./patience.ts";
import { accessOf, audienceOf } from "./upload-state.ts";

/** An hour at the longest: the server may have to fetch it from another one first. */
const triesMax = 240;

/** Another name for the same octets at the own server, for others too. */
export async function copyAsset(
  { api, env }: { readonly api: AssetApi; readonly env: Pick<Env, "random" | "timer"> },
  link: AssetLink,
  wanted: NewAccess,
  life: AbortSignal,
): Promise<AssetLink> {
  const secret = wanted.kind === "bearer" ? env.random(32) : undefined;
  const audience = audienceOf(wanted, secret);
  const from = link.access;
  const patience = createPatience(env, life, triesMax);
  for (;;) {
    try {
      const { asset, expiresAt } = await api.copy({
        asset: link.uri,
        ...(from.kind === "room" ? { room: from.room } : {}),
        ...(from.kind === "bearer" ? { secret: toBase64Url(from.secret) } : {}),
        audience,
      });
      const expires = Math.floor((expiresAt ?? 0) / 1000);
      return { ...link, uri: asset, expires, access: accessOf(audience, secret) };
    } catch (error) {
      await patience.after(error);
    }
  }
}
