import { nameOf, Refusal } from "@treehouse/protocol";
import type { UserUri } from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import { checkBoth } from "../change-totp.ts";
import type { BothProofs } from "../change-totp.ts";
import type { FactorContext } from "../context.ts";
import { writeRecoveryCodes } from "../set-up-totp.ts";
import { providerOf } from "./log-in.ts";

/**
 * Links an account with one at the provider: logins take a proof of that from then on, or another
 * second factor. Answers recovery codes if the account had none, for whoever loses the account there.
 *
 * Refuses `loginFailed` for a proof that does not hold, and `conflict` when either of the two is
 * linked already.
 */
export async function linkExternal(
  context: FactorContext,
  user: UserUri,
  proof: string,
): Promise<readonly string[]> {
  const { database, store } = context;
  const name = nameOf(user);
  providerOf(context);
  return database.transaction(async (tx) => {
    await writeLink(context, tx, name, proof);
    const has = (await store.countRecoveryCodes(tx, name)) > 0;
    return has ? [] : writeRecoveryCodes(context, tx, name);
  });
}

/** The same for an account that begins with it. */
export async function writeLink(
  { env, proofs, store }: FactorContext,
  tx: Tx,
  name: string,
  proof: string,
): Promise<void> {
  const proved = proofs.peek(proof);
  if (proved?.kind !== "external") {
    throw new Refusal(
      "loginFailed",
      "the provider's proof is over, or was used; log in there again",
    );
  }
  const { issuer, subjectHash } = proved;
  const linked = await store.addExternalLogin(tx, {
    name,
    issuer,
    subjectHash,
    linkedAt: env.now(),
  });
  if (!linked) {
    throw new Refusal("conflict", "this account, or the one at the provider, is linked already");
  }
  tx.afterCommit(() => void proofs.take(proof));
}

/** Ends the link, for whoever has the password and a factor. Refuses like `disableTotp`. */
export async function unlinkExternal(
  context: FactorContext,
  user: UserUri,
  both: BothProofs,
): Promise<void> {
  const { database, store } = context;
  const name = nameOf(user);
  await checkBoth(context, user, both);
  const ended = await database.transaction((tx) => store.deleteExternalLogin(tx, name), {
    frees: true,
  });
  if (!ended) throw new Refusal("notFound", "this account is linked with no other");
}
