import { nameOf, Refusal } from "@treehouse/protocol";
import type { UserUri } from "@treehouse/protocol";
import { checkBoth } from "../change-totp.ts";
import type { BothProofs } from "../change-totp.ts";
import type { FactorContext } from "../context.ts";
import { hasFactor } from "../try-code.ts";

/** Forgets a passkey, for whoever has the password and a factor. Refuses like `disableTotp`. */
export async function removePasskey(
  context: FactorContext,
  user: UserUri,
  id: string,
  both: BothProofs,
): Promise<void> {
  const { database, store } = context;
  const name = nameOf(user);
  const known = await database.read((tx) => store.passkey(tx, id));
  // Before anything is used up for it.
  if (known?.name !== name) throw new Refusal("notFound", "this account has no such passkey");
  await checkBoth(context, user, both);
  await database.transaction(
    async (tx) => {
      await store.deletePasskey(tx, name, id);
      if (!(await hasFactor(context, tx, name))) await store.replaceRecoveryCodes(tx, name, []);
    },
    { frees: true },
  );
}
