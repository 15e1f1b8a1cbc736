import { Refusal } from "@treehouse/protocol";
import { z } from "zod";

/** A text that stands for something else; what it is refused for makes the whole value invalid. */
export function textAs<T>(parse: (text: string) => T) {
  return z.string().transform((text, context): T => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      context.addIssue(error.message);
      return z.NEVER;
    }
  });
}
