import type { Rule } from "../rule.ts";
import { directoryRules } from "./directory.ts";
import { errorRules } from "./errors.ts";
import { hostRules } from "./host.ts";
import { keyRules } from "./keys.ts";
import { orderRules } from "./order.ts";
import { outboundRules } from "./outbound.ts";
import { policyRules } from "./policy.ts";
import { signatureRules } from "./signature.ts";

/** Every rule that the suite can tell anything about, by its number. */
export const allRules: readonly Rule[] = [
  ...errorRules,
  ...directoryRules,
  ...hostRules,
  ...signatureRules,
  ...keyRules,
  ...orderRules,
  ...outboundRules,
  ...policyRules,
].toSorted((left, right) => (left.id < right.id ? -1 : 1));
