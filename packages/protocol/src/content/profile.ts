import { z } from "zod";

import { fromBase64Url, utf8Decode, utf8Encode } from "../bytes/index.ts";
import { Refusal } from "../refusals/index.ts";
import { DISPOSITIONS, type MimiContent } from "./mimi-content.ts";
import { isShowable } from "./showable.ts";
import { type SaidBy, singleContent } from "./single-content.ts";

export const MEDIA_TYPE_PROFILE = "application/vnd.treehouse.profile+json";

/** Bounds of what a user says of themselves. `Max` of text counts UTF-16 units. */
export const PROFILE_LIMITS = {
  displayNameMax: 64,
  statusMax: 256,
  /** Octets of the picture as it is decoded from base64url. */
  avatarBytesMax: 16 * 1024,
  detailsMax: 16,
  detailKindMax: 32,
  detailValueMax: 256,
} as const;

const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine(isShowable, { message: "text without control characters that shows something" });

const base64Length = Math.ceil((PROFILE_LIMITS.avatarBytesMax * 4) / 3);

const avatarSchema = z.object({
  mediaType: z.enum(["image/webp", "image/png", "image/jpeg"]),
  /** base64url without padding. */
  data: z
    .string()
    .min(1)
    .max(base64Length)
    .regex(/^[A-Za-z0-9_-]+$/),
});

/** What a user says of themselves to those in one conversation. Unknown members are passed over. */
export const profileSchema = z.object({
  /** When the user changed something last, in milliseconds since the Unix epoch; the later counts. */
  changedAt: z.int().nonnegative(),
  displayName: text(PROFILE_LIMITS.displayNameMax).optional(),
  status: text(PROFILE_LIMITS.statusMax).optional(),
  avatar: avatarSchema.optional(),
  /** How to reach the user elsewhere, by kind: "phone", "web", … */
  details: z
    .array(
      z.object({
        kind: text(PROFILE_LIMITS.detailKindMax),
        value: text(PROFILE_LIMITS.detailValueMax),
      }),
    )
    .max(PROFILE_LIMITS.detailsMax)
    .optional(),
});

export type Profile = z.infer<typeof profileSchema>;

/** FED-840: a profile as content. */
export function profileContent(message: SaidBy & { readonly profile: Profile }): MimiContent {
  return singleContent(message, {
    disposition: DISPOSITIONS.profile,
    contentType: MEDIA_TYPE_PROFILE,
    content: utf8Encode(JSON.stringify(message.profile)),
  });
}

/**
 * The profile that a content is; undefined when it is something else. Refuses `invalidMessage` for a
 * profile beyond the bounds (FED-841).
 */
export function profileOf({ body }: MimiContent): Profile | undefined {
  if (body.kind !== "single" || body.contentType !== MEDIA_TYPE_PROFILE) return undefined;
  const { success, data } = profileSchema.safeParse(parse(body.content));
  if (!success || !isWhole(data)) throw new Refusal("invalidMessage", "this is no profile");
  return data;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8Decode(bytes));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof Refusal) return undefined;
    throw error;
  }
}

/** Whether the picture decodes, and no kind of detail stands there twice. */
function isWhole({ avatar, details = [] }: Profile): boolean {
  if (new Set(details.map(({ kind }) => kind)).size < details.length) return false;
  if (avatar === undefined) return true;
  try {
    return fromBase64Url(avatar.data).length <= PROFILE_LIMITS.avatarBytesMax;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}
