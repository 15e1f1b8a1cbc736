import { LIMITS, NetworkFault, Refusal } from "@treehouse/protocol";
import type { PeerRuleRequest } from "@treehouse/protocol";
import type { PeersContext } from "./context.ts";
import { refetch } from "./discover.ts";
import { onlyDomain } from "./rule-subject.ts";
import type { Rule, RuleSubject } from "./store.ts";

/** Puts a rule in force, both ways, from the commit on (FED-917). */
export async function putRule(
  context: PeersContext,
  subject: RuleSubject,
  wanted: PeerRuleRequest,
): Promise<void> {
  const { database, store, env, policy } = context;
  const { action, reason = "", perMinute, expiresAt, newKey = false } = wanted;
  if (subject === context.domain) {
    throw new Refusal("malformed", `${subject} is this server itself: rules are about others.`);
  }
  if (perMinute !== undefined && action !== "limit") {
    throw new Refusal("malformed", "perMinute belongs to the action limit.");
  }
  if (newKey && action !== "allow") {
    throw new Refusal("malformed", "newKey belongs to the action allow.");
  }
  if (expiresAt !== undefined && expiresAt <= env.now()) {
    throw new Refusal("malformed", "The rule would be over already.");
  }
  if (policy.rule(subject) === undefined && policy.rules().length >= LIMITS.peerRulesMax) {
    throw new Refusal("limitExceeded", "There are too many rules.", {
      limitName: "peerRulesMax",
      limit: LIMITS.peerRulesMax,
    });
  }
  const rule: Rule = { subject, action, reason, perMinute, createdAt: env.now(), expiresAt };
  if (newKey) await forgetKeys(context, subject);
  await database.transaction(async (tx) => {
    await store.putRule(tx, rule);
    tx.afterCommit(() => policy.put(rule));
  });
  env.log.info("peerRuleChanged", { host: subject.replace(/^\*\./, ""), kind: action });
}

export async function deleteRule(context: PeersContext, subject: RuleSubject): Promise<void> {
  const { database, store, env, policy } = context;
  await database.transaction(
    async (tx) => {
      if (!(await store.deleteRule(tx, subject))) {
        throw new Refusal("notFound", "There is no such rule.");
      }
      tx.afterCommit(() => policy.remove(subject));
    },
    { frees: true },
  );
  env.log.info("peerRuleChanged", { host: subject.replace(/^\*\./, ""), kind: "none" });
}

/** Rules that are over have no effect; this frees their rows. */
export async function deleteExpiredRules(context: PeersContext): Promise<void> {
  const { database, store, env, policy } = context;
  const now = env.now();
  const over = policy
    .rules()
    .filter(({ expiresAt }) => expiresAt !== undefined && expiresAt <= now);
  if (over.length === 0) return;
  await database.transaction(
    async (tx) => {
      await store.deleteExpiredRules(tx, now);
      tx.afterCommit(() => {
        for (const { subject } of over) policy.remove(subject);
      });
    },
    { frees: true },
  );
}

/**
 * The operator compared the key that a server shows now with its operator: what was believed is
 * forgotten, and what it shows now takes its place, as at the first contact.
 */
async function forgetKeys(context: PeersContext, subject: RuleSubject): Promise<void> {
  const { book } = context;
  const state = book.find(onlyDomain(subject));
  await state.fetching?.catch(() => undefined);
  const fresh = { ...state.record, pinned: [], offered: [], frozenAt: undefined };
  state.directory = undefined;
  if (state.known) await book.save(state, fresh);
  else state.record = fresh;
  try {
    await refetch(context, state);
  } catch (error) {
    // It cannot be reached now; then the next directory that comes is believed.
    if (!(error instanceof NetworkFault)) throw error;
  }
}
