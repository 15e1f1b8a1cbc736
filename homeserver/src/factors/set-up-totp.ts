import { formatAddress, nameOf, Refusal } from "@treehouse/protocol";
import type { Bytes, UserUri } from "@treehouse/protocol";
import type { Tx } from "../platform/index.ts";
import type { FactorContext } from "./context.ts";
import { FACTOR_LIMITS } from "./limits.ts";
import { makeRecoveryCode, recoveryCodeHash } from "./recovery-codes.ts";
import type { StoredTotp } from "./store.ts";
import { describeSecret, secretBytes } from "./time-codes.ts";
import { secretPlace, tryCode } from "./try-code.ts";

/**
 * Makes a secret for an authenticator app. It asks nobody for a code until one was shown, so that no
 * slip shuts a user out; started again, the earlier secret is void.
 *
 * Refuses `conflict` while there is an app, and `unsupported`.
 */
export async function startTotp(
  { database, domain, env, sealing, store }: FactorContext,
  user: UserUri,
): Promise<{ readonly secret: string; readonly uri: string }> {
  if (sealing === undefined) {
    throw new Refusal(
      "unsupported",
      "this server has no key to keep secrets under; its operator has to make sealing.key_file",
    );
  }
  const name = nameOf(user);
  const secret: Bytes = env.random(secretBytes);
  const sealed = sealing.seal(secretPlace(name), secret);
  await database.transaction(async (tx) => {
    const found = await store.totp(tx, name);
    if (found?.confirmedAt !== undefined) {
      throw new Refusal("conflict", "there is an authenticator app already; disable it first");
    }
    await store.putTotp(tx, {
      name,
      secret: sealed,
      startedAt: env.now(),
      confirmedAt: undefined,
      lastStep: 0,
    });
  });
  return describeSecret(secret, formatAddress(user), domain);
}

/**
 * Turns the second factor on, once a code shows that the app has the secret. Answers the recovery
 * codes, which nobody can be told again.
 *
 * Refuses `notFound` when nothing was started, `conflict`, `factorInvalid` and `rateLimited`.
 */
export async function confirmTotp(
  context: FactorContext,
  user: UserUri,
  code: string,
): Promise<readonly string[]> {
  const { database, env, store } = context;
  const name = nameOf(user);
  await database.read(async (tx) => started(await store.totp(tx, name), env.now()));
  await tryCode(context, name, code, { appOnly: true });
  return database.transaction(async (tx) => {
    const app = started(await store.totp(tx, name), env.now());
    await store.putTotp(tx, { ...app, confirmedAt: env.now() });
    return writeRecoveryCodes(context, tx, name);
  });
}

function started(app: StoredTotp | undefined, now: number): StoredTotp {
  if (app?.confirmedAt !== undefined) {
    throw new Refusal("conflict", "the second factor is on already");
  }
  if (app === undefined || now - app.startedAt >= FACTOR_LIMITS.setUpMs) {
    throw new Refusal("notFound", "no authenticator app is being set up; start again");
  }
  return app;
}

/** In place of all that there were. */
export async function writeRecoveryCodes(
  { env, store }: FactorContext,
  tx: Tx,
  name: string,
): Promise<readonly string[]> {
  const codes = Array.from({ length: FACTOR_LIMITS.recoveryCodes }, () => makeRecoveryCode(env));
  await store.replaceRecoveryCodes(
    tx,
    name,
    codes.map((code) => recoveryCodeHash(name, code)),
  );
  return codes;
}
