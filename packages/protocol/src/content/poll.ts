import { z } from "zod";

import { Refusal } from "../refusals/index.ts";
import { DISPOSITIONS, type MimiContent } from "./mimi-content.ts";
import { jsonIn, jsonPart, mainPart, withFallback } from "./vendor-part.ts";

export const MEDIA_TYPE_POLL = "application/vnd.treehouse.poll+json";
export const MEDIA_TYPE_VOTE = "application/vnd.treehouse.poll-vote+json";
export const MEDIA_TYPE_POLL_END = "application/vnd.treehouse.poll-end+json";

/** Bounds of a poll. Texts count UTF-16 units. */
export const POLL_LIMITS = {
  questionMax: 500,
  optionMax: 200,
  optionsMin: 2,
  optionsMax: 20,
} as const;

const pollSchema = z.object({
  question: z.string().min(1).max(POLL_LIMITS.questionMax),
  options: z
    .array(z.string().min(1).max(POLL_LIMITS.optionMax))
    .min(POLL_LIMITS.optionsMin)
    .max(POLL_LIMITS.optionsMax),
  /** More than one option may be chosen. */
  multiple: z.boolean().default(false),
  /** Nobody is shown who chose what. Members' programs know it all the same. */
  anonymous: z.boolean().default(false),
  /** Votes that the hub accepts later do not count; milliseconds since the Unix epoch. */
  closesAt: z.int().nonnegative().optional(),
});

export type Poll = z.infer<typeof pollSchema>;

const voteSchema = z.object({
  /** Indices of options; none takes the vote back. */
  choices: z
    .array(
      z
        .int()
        .min(0)
        .max(POLL_LIMITS.optionsMax - 1),
    )
    .max(POLL_LIMITS.optionsMax)
    .refine((choices) => new Set(choices).size === choices.length),
});

/** FED-834: a poll in place of the text of `text`, which gives everything else. Refuses `malformed`. */
export function pollContent(text: MimiContent, poll: Poll): MimiContent {
  const { success, data } = pollSchema.safeParse(poll);
  if (!success || new Set(data.options).size < data.options.length) {
    throw new Refusal("malformed", "a poll has a question and from 2 to 20 different options");
  }
  const lines = data.options.map((option, index) => `${index + 1}. ${option}`);
  const part = jsonPart(MEDIA_TYPE_POLL, data, DISPOSITIONS.render);
  return { ...text, body: withFallback(part, [data.question, ...lines].join("\n")) };
}

/** The poll that a content is; undefined when it is something else. Refuses `invalidMessage`. */
export function pollOf(content: MimiContent): Poll | undefined {
  const part = mainPart(content);
  if (part?.contentType !== MEDIA_TYPE_POLL) return undefined;
  const { success, data } = pollSchema.safeParse(jsonIn(part.content));
  if (success && new Set(data.options).size === data.options.length) return data;
  throw new Refusal("invalidMessage", "this is no poll");
}

/** FED-835: what somebody chooses in the poll `place` answers. */
export function voteContent(place: MimiContent, choices: readonly number[]): MimiContent {
  return { ...place, body: jsonPart(MEDIA_TYPE_VOTE, { choices }, DISPOSITIONS.unspecified) };
}

/** The choices of a vote; undefined when it is something else. Refuses `invalidMessage`. */
export function voteOf(content: MimiContent): readonly number[] | undefined {
  const part = mainPart(content);
  if (part?.contentType !== MEDIA_TYPE_VOTE) return undefined;
  const { success, data } = voteSchema.safeParse(jsonIn(part.content));
  if (success) return data.choices;
  throw new Refusal("invalidMessage", "this is no vote");
}

/** FED-835: ends the poll that `place` answers. */
export function pollEndContent(place: MimiContent): MimiContent {
  return { ...place, body: jsonPart(MEDIA_TYPE_POLL_END, {}, DISPOSITIONS.unspecified) };
}

/** Whether these choices can be made in this poll. */
export function isVoteIn(poll: Poll, choices: readonly number[]): boolean {
  if (!poll.multiple && choices.length > 1) return false;
  return choices.every((choice) => Number.isInteger(choice) && poll.options[choice] !== undefined);
}
