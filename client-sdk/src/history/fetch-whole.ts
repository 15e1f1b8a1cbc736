import { type AssetLink, type Bytes, Refusal } from "@treehouse/protocol";

import type { Assets } from "../assets/index.ts";

/** Reads an asset without keeping a copy of it here. */
export async function fetchWhole(
  { assets, life }: { readonly assets: Pick<Assets, "open">; readonly life: AbortSignal },
  link: AssetLink,
  bytesMax: number,
): Promise<Bytes> {
  if (link.size > bytesMax) throw new Refusal("tooLarge", "a piece of history that is too long");
  return new Uint8Array(await assets.open(link, life).read(0, link.size));
}
