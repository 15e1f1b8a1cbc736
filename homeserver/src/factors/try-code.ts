import { Refusal } from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";
import { Assertion } from "../platform/index.ts";
import type { Tx } from "../platform/index.ts";
import type { FactorContext } from "./context.ts";
import { FACTOR_LIMITS } from "./limits.ts";
import { plain, recoveryCodeHash } from "./recovery-codes.ts";
import type { StoredTotp } from "./store.ts";
import { stepOf } from "./time-codes.ts";

type Verdict = "right" | { readonly triesLeft: number } | { readonly retryAfterMs: number };

/**
 * Tries a code of the authenticator app, or a recovery code, against an account's second factor. Each
 * counts once: a code of the app ends its step and all before it, a recovery code itself (RFC 6238
 * §5.2). Wrong ones are counted per account, for whoever comes here knows the password; after some
 * the next has to wait, and each wait is twice the one before.
 *
 * Refuses `factorInvalid` and `rateLimited`.
 */
export async function tryCode(
  context: FactorContext,
  name: string,
  code: string,
  options: { readonly appOnly: boolean },
): Promise<void> {
  // The count of a wrong code must last, so the refusal comes after the transaction.
  const verdict = await context.database.transaction((tx) =>
    judge(context, tx, name, code, options),
  );
  if (verdict === "right") return;
  if ("retryAfterMs" in verdict) {
    throw new Refusal("rateLimited", "too many wrong codes for this account", {
      retryAfterMs: verdict.retryAfterMs,
      limitName: "triesMax",
      limit: FACTOR_LIMITS.triesMax,
    });
  }
  const { triesLeft } = verdict;
  const left = triesLeft === 1 ? "1 try is" : `${triesLeft} tries are`;
  throw new Refusal("factorInvalid", `the code is wrong, over, or was used; ${left} left`);
}

async function judge(
  context: FactorContext,
  tx: Tx,
  name: string,
  code: string,
  { appOnly }: { readonly appOnly: boolean },
): Promise<Verdict> {
  const { env, store } = context;
  const now = env.now();
  const app = await store.totp(tx, name);
  if (app === undefined) throw new Refusal("factorInvalid", "this account has no second factor");
  if (app.retryAt > now) return { retryAfterMs: app.retryAt - now };
  const typed = plain(code);
  if (/^\d{6}$/.test(typed)) {
    const step = stepOf(secretOf(context, app), typed, now);
    if (step !== undefined && step > app.lastStep) {
      await store.putTotp(tx, { ...app, lastStep: step, failures: 0, retryAt: 0 });
      return "right";
    }
  } else if (!appOnly && (await store.useRecoveryCode(tx, name, recoveryCodeHash(name, typed)))) {
    await store.putTotp(tx, { ...app, failures: 0, retryAt: 0 });
    return "right";
  }
  return countFailure(context, tx, app);
}

async function countFailure(
  { env, store }: FactorContext,
  tx: Tx,
  app: StoredTotp,
): Promise<Verdict> {
  const { triesMax, waitFirstMs, waitMostMs } = FACTOR_LIMITS;
  const failures = app.failures + 1;
  const over = failures - triesMax;
  const waitMs = over < 0 ? 0 : Math.min(waitFirstMs * 2 ** over, waitMostMs);
  await store.putTotp(tx, { ...app, failures, retryAt: env.now() + waitMs });
  return over < 0 ? { triesLeft: -over } : { retryAfterMs: waitMs };
}

export function secretOf({ sealing }: FactorContext, app: StoredTotp): Bytes {
  if (sealing === undefined)
    throw new Assertion("sealed rows were found without keys at the start");
  return sealing.open(secretPlace(app.name), app.secret);
}

export function secretPlace(name: string) {
  return { table: "factors_totp", column: "secret", row: name };
}
