import { RATE_LIMITS, Refusal } from "@treehouse/protocol";
import type { Cancel, Domain, Env } from "@treehouse/protocol";
import { createRateLimiter } from "../platform/index.ts";
import type { RateLimiter } from "../platform/index.ts";
import { subjectsOf } from "./rule-subject.ts";
import type { Rule, RuleSubject } from "./store.ts";

/** `open`: with every server that is not denied. `allow`: only with those allowed. `closed`: none. */
export type FederationMode = "open" | "allow" | "closed";

export type Direction = "inbound" | "outbound";

/** What holds for a server now, and why. */
export interface Judgement {
  readonly verdict: "allow" | "deny" | "limit";
  /** The rule that says so; without one it is the mode. */
  readonly rule: Rule | undefined;
}

/** The operator's word on other servers, in memory. */
export interface Policy {
  readonly mode: FederationMode;
  judge(domain: Domain): Judgement;
  /**
   * Counts one request, with a network address one that nobody has proved to be the server's: what
   * others do in its name uses up nothing of its own. Refuses "peerDenied" and "peerLimited".
   */
  admit(domain: Domain, direction: Direction, address?: string): void;
  rules(): readonly Rule[];
  rule(subject: RuleSubject): Rule | undefined;
  /** Puts rules that are committed in force. */
  put(rule: Rule): void;
  remove(subject: RuleSubject): void;
  /** After each change, and when a rule has come to its end. */
  onChange(run: () => void): void;
  close(): void;
}

interface PolicyOptions {
  readonly env: Pick<Env, "now" | "monotonic" | "timer">;
  readonly mode: FederationMode;
  /** The domain of this server: an answer says whose operator refuses. */
  readonly domain: Domain;
  readonly rules: readonly Rule[];
}

export function createPolicy({ env, mode, domain: own, rules }: PolicyOptions): Policy {
  const bySubject = new Map(rules.map((rule) => [rule.subject, rule]));
  const limiters = new Map<RuleSubject, RateLimiter>();
  const listeners: (() => void)[] = [];
  let cancel: Cancel = () => {};

  const isInForce = ({ expiresAt }: Rule): boolean =>
    expiresAt === undefined || expiresAt > env.now();

  function judge(domain: Domain): Judgement {
    if (mode === "closed") return { verdict: "deny", rule: undefined };
    for (const subject of subjectsOf(domain)) {
      const rule = bySubject.get(subject);
      if (rule !== undefined && isInForce(rule)) return { verdict: rule.action, rule };
    }
    return { verdict: mode === "open" ? "allow" : "deny", rule: undefined };
  }

  /** All names of one rule share what it allows, or a wildcard would multiply it. */
  function limiterOf({ subject, perMinute }: Rule): RateLimiter {
    const known = limiters.get(subject);
    if (known !== undefined) return known;
    const count = perMinute ?? RATE_LIMITS.requestPerLimitedPeer.count;
    const limiter = createRateLimiter(env, { count, perMs: 60_000 }, "requestPerLimitedPeer");
    limiters.set(subject, limiter);
    return limiter;
  }

  function limit(rule: Rule, key: string): void {
    try {
      limiterOf(rule).take(key);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw new Refusal("peerLimited", `The operator of ${own} limits this server.`, error.data);
    }
  }

  function changed(): void {
    awaitNextEnd();
    for (const run of listeners) run();
  }

  function awaitNextEnd(): void {
    cancel();
    const now = env.now();
    const ends = [...bySubject.values()].flatMap(({ expiresAt }) =>
      expiresAt !== undefined && expiresAt > now ? [expiresAt] : [],
    );
    // At most a day: the wall clock may be set meanwhile.
    const next = Math.min(...ends);
    if (ends.length > 0) cancel = env.timer(Math.min(next - now, 86_400_000), changed);
  }
  awaitNextEnd();

  return {
    mode,
    judge,
    admit(domain, direction, address) {
      const { verdict, rule } = judge(domain);
      if (verdict === "deny") {
        throw new Refusal("peerDenied", `The operator of ${own} does not allow this server.`);
      }
      if (verdict === "limit" && rule !== undefined) {
        limit(rule, address === undefined ? direction : `${direction} ${address}`);
      }
    },
    rules: () => [...bySubject.values()],
    rule: (subject) => bySubject.get(subject),
    put(rule) {
      bySubject.set(rule.subject, rule);
      limiters.delete(rule.subject);
      changed();
    },
    remove(subject) {
      bySubject.delete(subject);
      limiters.delete(subject);
      changed();
    },
    onChange: (run) => void listeners.push(run),
    close: () => cancel(),
  };
}
