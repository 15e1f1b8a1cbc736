import {
  ACCOUNT_EVENTS,
  type Bytes,
  Refusal,
  userUri,
  type UserUri,
  utf8Encode,
} from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import type { AuthenticationContext } from "../context.ts";
import { hashToken, looksLikeToken } from "../sessions/index.ts";
import { RESET_LIMITS } from "./limits.ts";
import { waitMail } from "./mails.ts";

/** Somebody has shown a token that lets the account be reset now. */
export type PendingReset = { readonly user: UserUri; readonly tokenHash: Bytes };

export type StartedReset = {
  readonly user: UserUri;
  readonly resetId: string;
  readonly registrationResponse: Bytes;
  readonly expiresAt: number;
};

type Verdict =
  | { readonly kind: "invalid" }
  | {
      readonly kind: "waits";
      readonly name: string;
      readonly until: number;
      readonly began: boolean;
    }
  | { readonly kind: "ready"; readonly name: string };

/**
 * The first half of a reset, by whoever shows the token of the mail. While a client of the account
 * was in use lately, the token begins a wait instead, of which the clients and the mailbox are told,
 * and each client can end it; after it another token is asked for. So a mailbox alone, that somebody
 * else reads, takes nothing from a user who is there.
 *
 * Refuses `resetInvalid`, `resetWaiting` and `malformed`.
 */
export async function startReset(
  context: AuthenticationContext,
  request: { readonly token: string; readonly registrationRequest: Bytes },
): Promise<StartedReset> {
  const { database, domain, env, neighbours, opaque, pendingResets } = context;
  if (!looksLikeToken(request.token)) throw resetInvalid();
  const tokenHash = hashToken(request.token);
  // That a wait began must last, so the refusal comes after the transaction.
  const verdict = await database.transaction((tx) => judge(context, tx, tokenHash));
  if (verdict.kind === "invalid") throw resetInvalid();
  const user = userUri(domain, verdict.name);
  if (verdict.kind === "waits") {
    const { began, name, until } = verdict;
    if (began) neighbours.current.mailboxes.mail(name, waitMail(domain, user, until));
    throw new Refusal(
      "resetWaiting",
      "a client of this account was in use lately: it is given time to stop the reset",
      { retryAfterMs: Math.max(until - env.now(), 1) },
    );
  }
  const registrationResponse = opaque.registrationResponse(user, request.registrationRequest);
  const { id, expiresAt } = pendingResets.add({ user, tokenHash });
  return { user, resetId: id, registrationResponse, expiresAt };
}

async function judge(context: AuthenticationContext, tx: Tx, tokenHash: Bytes): Promise<Verdict> {
  const { env, resetDelayMs, resets } = context;
  const now = env.now();
  const found = await resets.resetOfToken(tx, tokenHash);
  if (found?.token === undefined || found.token.expiresAt <= now) return { kind: "invalid" };
  const { name } = found;
  const wait = found.wait !== undefined && found.wait.readyUntil > now ? found.wait : undefined;
  if (wait !== undefined && wait.until <= now) return { kind: "ready", name };
  if (wait !== undefined) {
    await resets.putReset(tx, { name, token: undefined, wait });
    return { kind: "waits", name, until: wait.until, began: false };
  }
  if (!(await isActive(context, tx, name))) return { kind: "ready", name };
  const until = now + resetDelayMs;
  const begun = { until, readyUntil: until + RESET_LIMITS.readyMs };
  await resets.putReset(tx, { name, token: undefined, wait: begun });
  await tellClients(context, tx, name, until);
  return { kind: "waits", name, until, began: true };
}

async function isActive(
  { env, store }: AuthenticationContext,
  tx: Tx,
  name: string,
): Promise<boolean> {
  const since = env.now() - RESET_LIMITS.activeMs;
  return (await store.sessionsOf(tx, name)).some(({ usedAt }) => usedAt > since);
}

async function tellClients(
  { env, neighbours, store }: AuthenticationContext,
  tx: Tx,
  name: string,
  waitsUntil: number,
): Promise<void> {
  const data = utf8Encode(JSON.stringify({ waitsUntil }));
  for (const { client } of await store.clientsOf(tx, name)) {
    await neighbours.current.inboxes.deliverAccountEvent(tx, {
      client,
      acceptedAt: env.now(),
      name: ACCOUNT_EVENTS.resetWaiting,
      data,
    });
  }
}

export function resetInvalid(): Refusal {
  return new Refusal("resetInvalid", "the token is wrong, over, or was used");
}
