import { merged } from "../rule.ts";
import type { Rule, RuleId } from "../rule.ts";
import { askingInRules } from "./asking-in.ts";
import { askingRules } from "./asking.ts";
import { assetRules } from "./assets.ts";
import { boundRules } from "./bounds.ts";
import { claimRules } from "./claims.ts";
import { consentRules } from "./consent.ts";
import { directoryRules } from "./directory.ts";
import { encodingRules } from "./encoding.ts";
import { elsewhereRules } from "./elsewhere.ts";
import { ephemeralRules } from "./ephemeral.ts";
import { errorRules } from "./errors.ts";
import { followingRules } from "./following.ts";
import { forwardingRules } from "./forwarding.ts";
import { handshakeFormRules } from "./handshake-forms.ts";
import { handshakeRules } from "./handshakes.ts";
import { hostRules } from "./host.ts";
import { hostedRules } from "./hosted.ts";
import { keyRules } from "./keys.ts";
import { logRules } from "./log.ts";
import { orderRules } from "./order.ts";
import { outboundRules } from "./outbound.ts";
import { policyRules } from "./policy.ts";
import { receivingRules } from "./receiving.ts";
import { restartedRules } from "./restarted.ts";
import { revocationRules } from "./revocations.ts";
import { sendingRules } from "./sending.ts";
import { signatureRules } from "./signature.ts";
import { termRules } from "./terms.ts";
import { toldRules } from "./told.ts";
import { tombstoneRules } from "./tombstones.ts";

/** Every rule that the suite can tell anything about, by its number. */
export const allRules: readonly Rule[] = merged([
  ...errorRules,
  ...directoryRules,
  ...hostRules,
  ...receivingRules,
  ...sendingRules,
  ...signatureRules,
  ...termRules,
  ...toldRules,
  ...tombstoneRules,
  ...askingRules,
  ...askingInRules,
  ...assetRules,
  ...followingRules,
  ...forwardingRules,
  ...handshakeRules,
  ...handshakeFormRules,
  ...claimRules,
  ...boundRules,
  ...consentRules,
  ...revocationRules,
  ...encodingRules,
  ...ephemeralRules,
  ...hostedRules,
  ...keyRules,
  ...logRules,
  ...orderRules,
  ...outboundRules,
  ...policyRules,
  ...restartedRules,
  ...elsewhereRules,
]);

/** The numbers of the rules that have a line. */
export const ruleIds: readonly RuleId[] = allRules.map(({ id }) => id);
