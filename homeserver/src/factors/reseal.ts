import { SealingRefused } from "../platform/index.ts";
import { resealEmail } from "./email.ts";
import type { FactorContext } from "./context.ts";
import { secretOf, secretPlace } from "./try-code.ts";

const RESEALED_PER_TRANSACTION = 200;

/** Throws `SealingRefused` when something is sealed under a key that is not there any more. */
export async function refuseLostKeys({ database, sealing, store }: FactorContext): Promise<void> {
  const used = await database.read((tx) => store.keyIds(tx));
  const lost = used.filter((keyId) => sealing?.ids.has(keyId) !== true);
  if (lost.length === 0) return;
  throw new SealingRefused(
    `The database holds columns that are sealed under the key ${lost.join(", ")}, and that is not ` +
      "among the sealing keys. Put back the key file that this server had (sealing.key_file); a " +
      "backup that is restored brings it along.",
  );
}

/** Seals anew, under the current key, what lies under another; then that one may be removed. */
export async function reseal(context: FactorContext): Promise<void> {
  const { database, env, sealing, store } = context;
  if (sealing === undefined) return;
  for (;;) {
    const moved = await database.transaction(async (tx) => {
      const old = await store.totpNotUnder(tx, sealing.currentId, RESEALED_PER_TRANSACTION);
      for (const app of old) {
        const secret = sealing.seal(secretPlace(app.name), secretOf(context, app));
        await store.putTotp(tx, { ...app, secret });
      }
      const emails = await store.emailsNotUnder(tx, sealing.currentId, RESEALED_PER_TRANSACTION);
      for (const email of emails) await store.putEmail(tx, resealEmail(context, email));
      return old.length + emails.length;
    });
    if (moved === 0) return;
    env.log.info("resealed", { rows: moved, keyId: sealing.currentId });
  }
}
