import { nameOf, Refusal } from "@treehouse/protocol";
import type { UserUri } from "@treehouse/protocol";
import type { FactorContext } from "./context.ts";
import type { PasswordProof } from "./ports.ts";
import { writeRecoveryCodes } from "./set-up-totp.ts";
import { hasFactor, tryCode } from "./try-code.ts";

/** Both things that a login takes. */
export type BothProofs = { readonly password: PasswordProof; readonly code: string };

/**
 * Turns the second factor off, with its recovery codes: for whoever has the password *and* a code,
 * so that neither a stolen session nor a stolen password does it.
 *
 * Refuses `notFound`, `loginFailed`, `factorInvalid` and `rateLimited`.
 */
export async function disableTotp(
  context: FactorContext,
  user: UserUri,
  proofs: BothProofs,
): Promise<void> {
  const { database, store } = context;
  const name = nameOf(user);
  await checkBoth(context, user, proofs);
  const had = await database.transaction(
    async (tx) => {
      const app = await store.totp(tx, name);
      await store.deleteTotp(tx, name);
      if (!(await hasFactor(context, tx, name))) await store.replaceRecoveryCodes(tx, name, []);
      return app?.confirmedAt !== undefined;
    },
    { frees: true },
  );
  if (!had) throw new Refusal("notFound", "this account has no authenticator app");
}

/** New recovery codes in place of the old ones. Refuses like `disableTotp`. */
export async function renewRecoveryCodes(
  context: FactorContext,
  user: UserUri,
  proofs: BothProofs,
): Promise<readonly string[]> {
  await checkBoth(context, user, proofs);
  const { database } = context;
  return database.transaction((tx) => writeRecoveryCodes(context, tx, nameOf(user)));
}

/** Refuses `notFound` when the account has no second factor at all. */
export async function checkBoth(
  context: FactorContext,
  user: UserUri,
  { password, code }: BothProofs,
): Promise<void> {
  const { database, passwords } = context;
  const name = nameOf(user);
  if (!(await database.read((tx) => hasFactor(context, tx, name)))) {
    throw new Refusal("notFound", "this account has no second factor");
  }
  // The password first: whoever lacks it must not be able to use up the owner's tries.
  await passwords.checkPasswordProof(user, password);
  await tryCode(context, name, code, { appOnly: false });
}
