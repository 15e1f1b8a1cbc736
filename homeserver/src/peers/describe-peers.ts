import { commonVersion, toBase64Url, VERSIONS } from "@treehouse/protocol";
import type { Domain, PeerDetail, PeerRule, PeersAnswer, PeerSummary } from "@treehouse/protocol";
import type { PeersContext } from "./context.ts";
import type { PeerStatus } from "./ports.ts";
import { newPeerState } from "./peer-state.ts";
import type { PeerState } from "./peer-state.ts";
import type { PeerKey, Rule } from "./store.ts";

/**
 * A page of the servers that are known, or for which something waits, and all that the operator
 * decided.
 */
export function describePeers(
  context: PeersContext,
  { after = "", limit }: { readonly after?: string | undefined; readonly limit: number },
): PeersAnswer {
  const { book, policy, domain, authentication, ownKeys } = context;
  const waiting = waitingIn(context);
  const rest = [...book.all(), ...neverReached(context, waiting)]
    .filter((state) => state.domain > after)
    .toSorted((left, right) => (left.domain < right.domain ? -1 : 1));
  const page = rest.slice(0, limit);
  const last = page.at(-1)?.domain;
  return {
    own: {
      domain,
      mode: policy.mode,
      authentication,
      keys: ownKeys.published().map((key) => ({
        kid: key.kid,
        key: toBase64Url(key.publicKey),
        notBefore: key.notBefore,
        pinned: true,
        ...defined("expires", key.expires),
      })),
    },
    peers: page.map((state) => ({ ...summaryOf(context, state), ...waitingFor(waiting, state) })),
    rules: policy
      .rules()
      .map(ruleOf)
      .toSorted((left, right) => (left.subject < right.subject ? -1 : 1)),
    ...(rest.length > limit ? defined("next", last) : {}),
  };
}

export async function describePeer(context: PeersContext, state: PeerState): Promise<PeerDetail> {
  const { record, directory, fault, clockOffsetMs } = state;
  const rejected = (await context.status()?.rejected(state.domain)) ?? [];
  return {
    ...summaryOf(context, state),
    ...waitingFor(waitingIn(context), state),
    keys: [
      ...record.pinned.map((key) => keyOf(key, true)),
      ...record.offered.map((key) => keyOf(key, false)),
    ],
    ...(directory === undefined
      ? {}
      : {
          directory: {
            versions: [...directory.document.versions],
            capabilities: [...directory.document.capabilities],
            ageMs: Math.round(context.env.monotonic() - directory.at),
            ...defined("version", commonVersion(VERSIONS, directory.document.versions)),
          },
        }),
    ...(fault instanceof Error ? { fault: fault.message } : {}),
    clockOffsetMs: Math.round(clockOffsetMs),
    rejected: rejected.map(({ form, room, position, code, at }) => {
      return { form, code, at, ...(room === undefined ? {} : { room, position }) };
    }),
    ...defined("development", context.development.get(state.domain)?.origin),
  };
}

function waitingIn({ status }: PeersContext): ReadonlyMap<Domain, PeerStatus> {
  const all = status()?.status() ?? [];
  return new Map(all.map((each) => [each.domain, each]));
}

/** Servers of which nothing is known but that something waits for them: a wrong name, perhaps. */
function neverReached(
  { book, env }: PeersContext,
  waiting: ReadonlyMap<Domain, PeerStatus>,
): readonly PeerState[] {
  const at = { now: env.now(), monotonic: env.monotonic() };
  return [...waiting.values()]
    .filter(({ domain, backlog }) => backlog > 0 && book.known(domain) === undefined)
    .map(({ domain }) => newPeerState(domain, at));
}

function summaryOf({ policy }: PeersContext, state: PeerState): PeerSummary {
  const { domain, record, known } = state;
  const { verdict, rule } = policy.judge(domain);
  return {
    domain,
    policy: verdict,
    ...(rule === undefined ? {} : { rule: ruleOf(rule) }),
    state: record.frozenAt !== undefined ? "frozen" : known ? "known" : "new",
    ...(known ? { firstSeenAt: record.firstSeenAt } : {}),
    ...defined("inboundAt", record.inboundAt),
    ...defined("outboundAt", record.outboundAt),
  };
}

function waitingFor(
  waiting: ReadonlyMap<Domain, PeerStatus>,
  { domain }: PeerState,
): Partial<PeerSummary> {
  const found = waiting.get(domain);
  if (found === undefined) return {};
  const { backlog, breaker, retryAt, waitingSince, lastFault } = found;
  return {
    backlog,
    breaker,
    ...defined("retryAt", retryAt),
    ...defined("waitingSince", waitingSince),
    ...defined("lastFault", lastFault),
  };
}

function keyOf({ kid, key, notBefore, expires, seenAt }: PeerKey, pinned: boolean) {
  return { kid, key: toBase64Url(key), notBefore, seenAt, pinned, ...defined("expires", expires) };
}

function ruleOf({ subject, action, reason, perMinute, createdAt, expiresAt }: Rule): PeerRule {
  return {
    subject,
    action,
    reason,
    createdAt,
    ...defined("perMinute", perMinute),
    ...defined("expiresAt", expiresAt),
  };
}

/** JSON has no undefined: an absent value is an absent member. */
function defined<K extends string, V>(name: K, value: V | undefined): Partial<Record<K, V>> {
  const entries: Partial<Record<K, V>> = {};
  if (value !== undefined) entries[name] = value;
  return entries;
}
