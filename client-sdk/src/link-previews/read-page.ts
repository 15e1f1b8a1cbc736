import { LINK_PREVIEW_LIMITS } from "@treehouse/protocol";

/** What a page says of itself. */
export type PageAbout = {
  readonly title: string | undefined;
  readonly description: string | undefined;
  /** As it stands there: it may be relative. */
  readonly image: string | undefined;
};

/** Reads the head of a page, as far as it was fetched. Never throws, whatever it holds. */
export function readPage(html: string): PageAbout {
  const metas = new Map<string, string>();
  for (const [tag] of html.matchAll(/<meta\b[^<>]{1,4096}>/gi)) {
    const name = attributeOf(tag, "property") ?? attributeOf(tag, "name");
    const content = attributeOf(tag, "content");
    const key = name?.toLowerCase() ?? "";
    if (content !== undefined && !metas.has(key)) metas.set(key, content);
  }
  const [, titled] = /<title\b[^<>]*>([^<]{1,2000})/i.exec(html) ?? [];
  return {
    title: textOf(metas.get("og:title") ?? titled, LINK_PREVIEW_LIMITS.titleMax),
    description: textOf(
      metas.get("og:description") ?? metas.get("description"),
      LINK_PREVIEW_LIMITS.descriptionMax,
    ),
    image: textOf(metas.get("og:image"), LINK_PREVIEW_LIMITS.urlMax),
  };
}

function attributeOf(tag: string, name: string): string | undefined {
  const pattern = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, "i");
  const [, double, single, bare] = pattern.exec(tag) ?? [];
  return double ?? single ?? bare;
}

const entities = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
  ["nbsp", " "],
]);

/** One line of text without control characters and what turns the direction of reading. */
function textOf(raw: string | undefined, max: number): string | undefined {
  if (raw === undefined) return undefined;
  const text = raw
    .replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{2,6}));/gi, (whole, decimal, hex, name) => {
      const code = decimal === undefined ? Number.parseInt(String(hex), 16) : Number(decimal);
      if (Number.isNaN(code)) return entities.get(String(name)) ?? whole;
      return code <= 0x10ffff ? String.fromCodePoint(code) : "";
    })
    .replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200E\u200F\u202A-\u202E\u2066-\u2069]+/gu, " ")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, max);
  return text === "" ? undefined : text;
}
