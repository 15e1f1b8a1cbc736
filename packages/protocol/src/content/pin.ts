import { z } from "zod";

import { Refusal } from "../refusals/index.ts";
import { DISPOSITIONS, type MimiContent } from "./mimi-content.ts";
import { jsonIn, jsonPart, mainPart } from "./vendor-part.ts";

export const MEDIA_TYPE_PIN = "application/vnd.treehouse.pin+json";

const pinSchema = z.object({ pinned: z.boolean() });

/** FED-833: pins the message that `place` answers, or takes that back. */
export function pinContent(place: MimiContent, pinned: boolean): MimiContent {
  return { ...place, body: jsonPart(MEDIA_TYPE_PIN, { pinned }, DISPOSITIONS.unspecified) };
}

/** Whether a content pins or unpins; undefined when it is something else. Refuses `invalidMessage`. */
export function pinOf(content: MimiContent): boolean | undefined {
  const part = mainPart(content);
  if (part?.contentType !== MEDIA_TYPE_PIN) return undefined;
  const { success, data } = pinSchema.safeParse(jsonIn(part.content));
  if (success) return data.pinned;
  throw new Refusal("invalidMessage", "this pins nothing");
}
