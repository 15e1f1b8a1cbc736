import type { RuleId } from "../../../src/conformance/index.ts";
import type { Passage } from "../proxy.ts";

/** A server of ours with one thing wrong. */
export interface Fault {
  /** What the server does. */
  readonly name: string;
  /** The rule that must be found broken. */
  readonly rule: RuleId;
  /** The check of that rule that must see it, so that no other failure passes for it. */
  readonly breaks: string;
  /** Between others and the server. */
  readonly inbound?: () => Passage;
  /** Between the server and others. */
  readonly outbound?: () => Passage;
  /** Rules whose checks it takes to see it, beside those of the rule itself. */
  readonly along?: readonly RuleId[];
  /** It is only seen when time has passed. */
  readonly slow?: boolean;
}

/** Whether a path is one that only other servers ask for. */
export function isBetweenServers(path: string): boolean {
  return path.startsWith("/federation/");
}
