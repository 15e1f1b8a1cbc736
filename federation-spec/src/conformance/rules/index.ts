import type { Rule } from "../rule.ts";
import { askingRules } from "./asking.ts";
import { boundRules } from "./bounds.ts";
import { claimRules } from "./claims.ts";
import { directoryRules } from "./directory.ts";
import { encodingRules } from "./encoding.ts";
import { errorRules } from "./errors.ts";
import { handshakeRules } from "./handshakes.ts";
import { hostRules } from "./host.ts";
import { hostedRules } from "./hosted.ts";
import { keyRules } from "./keys.ts";
import { orderRules } from "./order.ts";
import { outboundRules } from "./outbound.ts";
import { policyRules } from "./policy.ts";
import { receivingRules } from "./receiving.ts";
import { signatureRules } from "./signature.ts";

/** Every rule that the suite can tell anything about, by its number. */
export const allRules: readonly Rule[] = [
  ...errorRules,
  ...directoryRules,
  ...hostRules,
  ...receivingRules,
  ...signatureRules,
  ...askingRules,
  ...handshakeRules,
  ...claimRules,
  ...boundRules,
  ...encodingRules,
  ...hostedRules,
  ...keyRules,
  ...orderRules,
  ...outboundRules,
  ...policyRules,
].toSorted((left, right) => (left.id < right.id ? -1 : 1));
