import { rule } from "../rule.ts";
import type { Rule } from "../rule.ts";
import { seenIn } from "./seen.ts";

/** What holds for each refusal that the suite was given. */
export const errorRules: readonly Rule[] = [
  rule(
    "FED-501",
    "a refusal's code is of the list, with its status and title",
    {},
    {
      last: { "each refusal that was seen": seenIn("FED-501") },
    },
  ),
  rule(
    "FED-502",
    "a refusal is problem details in their form",
    {},
    {
      last: { "each refusal that was seen": seenIn("FED-502") },
    },
  ),
  rule(
    "FED-505",
    "a refusal repeats nothing that was sent",
    {},
    {
      last: { "each refusal that was seen": seenIn("FED-505") },
    },
  ),
];
