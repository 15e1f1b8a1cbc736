import { equalBytes, Refusal } from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";
import { Assertion } from "../platform/index.ts";
import type { ReadTx, Tx } from "../platform/index.ts";
import type { FactorContext } from "./context.ts";
import { FACTOR_LIMITS } from "./limits.ts";
import { looksLikeProof } from "./proofs.ts";
import { plain, recoveryCodeHash } from "./recovery-codes.ts";
import type { StoredTotp } from "./store.ts";
import { stepOf } from "./time-codes.ts";

type Verdict = "right" | { readonly triesLeft: number } | { readonly retryAfterMs: number };

/**
 * Tries a code of the authenticator app, a recovery code, or what was proved elsewhere against an
 * account's second factor. Each counts once. Wrong ones are counted per account, for whoever comes
 * here knows the password; after some the next has to wait, and each wait is twice the one before.
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
  options: { readonly appOnly: boolean },
): Promise<Verdict> {
  const { env, store } = context;
  const now = env.now();
  const counted = await store.tries(tx, name);
  if (counted !== undefined && counted.retryAt > now) {
    return { retryAfterMs: counted.retryAt - now };
  }
  const isRight = options.appOnly
    ? await isAppCode(context, tx, name, plain(code))
    : await isAnyCode(context, tx, name, code);
  if (!isRight) return countFailure(context, tx, name, counted?.failures ?? 0);
  await store.deleteTries(tx, name);
  return "right";
}

async function isAnyCode(
  context: FactorContext,
  tx: Tx,
  name: string,
  code: string,
): Promise<boolean> {
  if (!(await hasFactor(context, tx, name))) {
    throw new Refusal("factorInvalid", "this account has no second factor");
  }
  if (looksLikeProof(code)) return isProof(context, tx, name, code);
  const typed = plain(code);
  if (/^\d{6}$/.test(typed)) return isAppCode(context, tx, name, typed);
  return context.store.useRecoveryCode(tx, name, recoveryCodeHash(name, typed));
}

/** Each code of the app ends its step and all before it (RFC 6238 §5.2). */
async function isAppCode(
  context: FactorContext,
  tx: Tx,
  name: string,
  typed: string,
): Promise<boolean> {
  const { env, store } = context;
  const app = await store.totp(tx, name);
  const step = app && stepOf(secretOf(context, app), typed, env.now());
  if (app === undefined || step === undefined || step <= app.lastStep) return false;
  await store.putTotp(tx, { ...app, lastStep: step });
  return true;
}

/** A proof is used up by its first use, whatever comes of that. */
async function isProof(
  { external, proofs, store }: FactorContext,
  tx: Tx,
  name: string,
  code: string,
): Promise<boolean> {
  const proof = proofs.take(code);
  if (proof?.kind === "passkey") {
    return proof.name === name && (await store.passkey(tx, proof.passkey)) !== undefined;
  }
  const link = await store.externalLogin(tx, name);
  if (proof === undefined || link === undefined || external === undefined) return false;
  return equalBytes(proof.subjectHash, link.subjectHash);
}

/** Whether a login takes a code or a proof beside the password. */
export async function hasFactor(
  { external, store }: FactorContext,
  tx: ReadTx,
  name: string,
): Promise<boolean> {
  if ((await store.totp(tx, name))?.confirmedAt !== undefined) return true;
  if ((await store.passkeysOf(tx, name)).length > 0) return true;
  // A provider that the operator has taken away keeps nobody out.
  const link = await store.externalLogin(tx, name);
  return link !== undefined && link.issuer === external?.provider.issuer;
}

async function countFailure(
  { env, store }: FactorContext,
  tx: Tx,
  name: string,
  before: number,
): Promise<Verdict> {
  const { triesMax, waitFirstMs, waitMostMs } = FACTOR_LIMITS;
  const failures = before + 1;
  const over = failures - triesMax;
  const waitMs = over < 0 ? 0 : Math.min(waitFirstMs * 2 ** over, waitMostMs);
  await store.putTries(tx, name, { failures, retryAt: env.now() + waitMs });
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
