import type { HandshakeRule, RefusalCode, RefusalData } from "@treehouse/protocol";
import { handshakeRules, LIMITS, Refusal } from "@treehouse/protocol";
import type { LimitName } from "@treehouse/protocol";

/** The refusal of what breaks a rule, which it names (FED-995). */
export function broken(
  rule: HandshakeRule,
  code: RefusalCode = "invalidCommit",
  data: RefusalData = {},
  options?: ErrorOptions,
): Refusal {
  const message = `This does not hold: ${handshakeRules[rule].says}`;
  return new Refusal(code, message, { ...data, rule }, options);
}

/** The refusal of what exceeds a bound. */
export function exceeded(
  rule: HandshakeRule,
  limitName: LimitName,
  code: RefusalCode = "limitExceeded",
): Refusal {
  return broken(rule, code, { limitName, limit: LIMITS[limitName] });
}
