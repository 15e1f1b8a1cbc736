import { z } from "zod";

import { Refusal } from "../refusals/index.ts";
import { DISPOSITIONS, type MimiContent, type SinglePart } from "./mimi-content.ts";
import { jsonIn, jsonPart } from "./vendor-part.ts";
import { textOf } from "./text-content.ts";

export const MEDIA_TYPE_LINK_PREVIEW = "application/vnd.treehouse.link-preview+json";

/** Bounds of a preview. Texts count UTF-16 units. */
export const LINK_PREVIEW_LIMITS = {
  urlMax: 2048,
  titleMax: 300,
  descriptionMax: 1000,
  /** base64url of at most 24 KiB. */
  imageDataMax: 32 * 1024,
} as const;

const previewSchema = z.object({
  /** As it stands in the text. */
  url: z.url({ protocol: /^https?$/ }).max(LINK_PREVIEW_LIMITS.urlMax),
  title: z.string().max(LINK_PREVIEW_LIMITS.titleMax).optional(),
  description: z.string().max(LINK_PREVIEW_LIMITS.descriptionMax).optional(),
  image: z
    .object({
      mediaType: z.enum(["image/webp", "image/png", "image/jpeg"]),
      data: z
        .string()
        .min(1)
        .max(LINK_PREVIEW_LIMITS.imageDataMax)
        .regex(/^[\w-]+$/),
    })
    .optional(),
});

/** What the sender says that a link leads to. Nobody else has looked. */
export type LinkPreview = z.infer<typeof previewSchema>;

/** FED-838: a text with a preview of a link in it. Refuses `malformed`. */
export function withLinkPreview(text: MimiContent, preview: LinkPreview): MimiContent {
  const { success, data } = previewSchema.safeParse(preview);
  if (!success) throw new Refusal("malformed", "this is no preview of a link");
  const part = jsonPart(MEDIA_TYPE_LINK_PREVIEW, data, DISPOSITIONS.preview);
  const { body } = text;
  return {
    ...text,
    body: {
      kind: "multi",
      disposition: DISPOSITIONS.render,
      language: "",
      semantics: "processAll",
      parts: [body, part],
    },
  };
}

/**
 * The preview of a message with whether its link stands in the text: one that leads elsewhere than what is
 * shown is a trap. Undefined where there is none, or none that keeps to the bounds.
 */
export function linkPreviewOf(
  content: MimiContent,
): (LinkPreview & { readonly isInText: boolean }) | undefined {
  const { body } = content;
  if (body.kind !== "multi" || body.semantics !== "processAll") return undefined;
  const part = body.parts.find(
    (one): one is SinglePart =>
      one.kind === "single" && one.contentType === MEDIA_TYPE_LINK_PREVIEW,
  );
  if (part === undefined) return undefined;
  const { success, data } = previewSchema.safeParse(jsonIn(part.content));
  if (!success) return undefined;
  return { ...data, isInText: linksIn(textOf(content) ?? "").includes(data.url) };
}

/** The addresses of the web that stand in a text, as they are written, in their order. */
export function linksIn(text: string): readonly string[] {
  return [...text.matchAll(/\bhttps?:\/\/[^\s<>"'`()[\]{}]+/g)].map(([link]) =>
    link.replace(/[.,;:!?]+$/, ""),
  );
}
