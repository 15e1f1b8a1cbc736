import {
  type AssetAccess,
  type AssetLink,
  formatAssetLink,
  parseAssetLink,
} from "../assets/index.ts";
import { malformed } from "../codec/index.ts";
import { checkStickerLimit } from "../content/index.ts";

/** Where a pack is, and all that it takes to open it; whoever has it can. */
export type PackLink = AssetLink & { readonly access: AssetAccess & { readonly kind: "bearer" } };

/** What browsers and servers are never sent stands behind the #. */
const prefix = "treehouse:stickers#";

/** FED-887. */
export function formatPackLink(link: PackLink): string {
  return prefix + formatAssetLink(link);
}

/** Refuses `malformed`, and `limitExceeded` for what is longer than a pack. */
export function parsePackLink(text: string): PackLink {
  if (!text.startsWith(prefix)) throw malformed("no link to a sticker pack");
  return checkPackLink(parseAssetLink(text.slice(prefix.length)));
}

export function checkPackLink(link: AssetLink): PackLink {
  const { access } = link;
  if (access.kind !== "bearer") throw malformed("a link that is not for everybody");
  checkStickerLimit("packBytesMax", link.size, "the pack");
  return { ...link, access };
}
