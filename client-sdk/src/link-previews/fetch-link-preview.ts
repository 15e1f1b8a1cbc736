import { LINK_PREVIEW_LIMITS, type LinkPreview, Refusal, toBase64Url } from "@treehouse/protocol";
import { type Agent, request } from "undici";

import { toSdkError } from "../errors/index.ts";
import { createGuardedAgent, isForbiddenHost } from "./guarded-agent.ts";
import { isPublic, type Permit } from "./permit.ts";
import { readPage } from "./read-page.ts";

export type PreviewOptions = {
  readonly signal?: AbortSignal | undefined;
  /** Which addresses may be asked; those of the public Internet unless it is given. */
  readonly permit?: Permit | undefined;
};

/** Ends with the caller's signal, and after so long. */
export type Until = (wanted: {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs: number;
}) => AbortSignal;

const timeoutMs = 5_000;
const redirectsMax = 3;
/** A page's head is looked for in so many octets of it. */
const pageBytesMax = 256 * 1024;
const imageBytesMax = 24 * 1024;

/**
 * Makes the preview of a link, for `conversation.send`: title, description and, if it is small enough, the
 * picture that the page names. The page's server, and that of the picture, see that somebody asks. Asks
 * public addresses alone, over http and https, follows three redirections, and takes five seconds at most.
 * Throws `SdkError`: `malformed` for what is no link, `notFound` where there is nothing to show.
 */
export async function fetchLinkPreview(
  url: string,
  { permit = isPublic, signal, until }: PreviewOptions & { readonly until: Until },
): Promise<LinkPreview> {
  const agent = createGuardedAgent(permit, timeoutMs);
  const asking = { agent, permit, signal: until({ timeoutMs, signal }) };
  try {
    const page = await get(asking, url, pageBytesMax);
    if (!/^(text\/html|application\/xhtml\+xml)\b/i.test(page.type)) throw nothing();
    const { title, description, image } = readPage(new TextDecoder().decode(page.body));
    if (title === undefined && description === undefined) throw nothing();
    const picture = image === undefined ? undefined : await pictureAt(asking, image, page.url);
    return {
      url,
      ...(title === undefined ? {} : { title }),
      ...(description === undefined ? {} : { description }),
      ...(picture === undefined ? {} : { image: picture }),
    };
  } catch (error) {
    throw toSdkError(error instanceof Refusal ? error : nothing());
  } finally {
    await agent.destroy();
  }
}

function nothing(): Refusal {
  return new Refusal("notFound", "nothing can be shown of this link");
}

type Asking = { readonly agent: Agent; readonly permit: Permit; readonly signal: AbortSignal };
type Answer = { readonly url: string; readonly type: string; readonly body: Uint8Array };

/** The beginning of what is there, at most so many octets. */
async function get(asking: Asking, first: string, bytesMax: number): Promise<Answer> {
  let url = checked(first, asking.permit);
  for (let turn = 0; turn <= redirectsMax; turn += 1) {
    const { agent: dispatcher, signal } = asking;
    const headers = { accept: "text/html,image/*;q=0.5", "user-agent": "Treehouse-preview" };
    const response = await request(url, { dispatcher, signal, headers });
    const { location } = response.headers;
    if (response.statusCode >= 300 && response.statusCode < 400 && typeof location === "string") {
      await response.body.dump({ limit: 0 });
      url = checked(new URL(location, url).href, asking.permit);
      continue;
    }
    if (response.statusCode !== 200) throw nothing();
    const body = await beginningOf(response.body, bytesMax);
    const type = response.headers["content-type"];
    return { url: url.href, type: typeof type === "string" ? type : "", body };
  }
  throw nothing();
}

function checked(text: string, permit: Permit): URL {
  const url = text.length <= LINK_PREVIEW_LIMITS.urlMax && URL.canParse(text) && new URL(text);
  if (url === false || !/^https?:$/.test(url.protocol) || url.username !== "") {
    throw new Refusal("malformed", "this is no link to the web");
  }
  if (isForbiddenHost(url.hostname, permit)) throw nothing();
  return url;
}

async function beginningOf(body: AsyncIterable<unknown>, bytesMax: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body) {
    if (!(part instanceof Uint8Array)) throw nothing();
    parts.push(part);
    length += part.length;
    if (length > bytesMax) break;
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Undefined for one that is too large, is none, or cannot be had: the words stand without it. */
async function pictureAt(
  asking: Asking,
  image: string,
  page: string,
): Promise<LinkPreview["image"]> {
  try {
    const { body } = await get(asking, new URL(image, page).href, imageBytesMax);
    const mediaType = mediaTypeOf(body);
    if (mediaType === undefined || body.length > imageBytesMax) return undefined;
    return { mediaType, data: toBase64Url(new Uint8Array(body)) };
  } catch {
    return undefined;
  }
}

/** By its first octets, whatever its server says that it is. */
function mediaTypeOf(body: Uint8Array): NonNullable<LinkPreview["image"]>["mediaType"] | undefined {
  const begins = (at: number, ...octets: readonly number[]) =>
    octets.every((octet, index) => body[at + index] === octet);
  if (begins(0, 0x89, 0x50, 0x4e, 0x47)) return "image/png";
  if (begins(0, 0xff, 0xd8, 0xff)) return "image/jpeg";
  if (begins(0, 0x52, 0x49, 0x46, 0x46) && begins(8, 0x57, 0x45, 0x42, 0x50)) return "image/webp";
  return undefined;
}
