import { nameOf, Refusal, utf8Decode, utf8Encode } from "@treehouse/protocol";
import type { UserUri } from "@treehouse/protocol";
import { z } from "zod";
import { Assertion } from "../platform/index.ts";
import type { ReadTx, Sealed, SealedPlace, Tx } from "../platform/index.ts";
import type { FactorContext } from "./context.ts";
import { FACTOR_LIMITS } from "./limits.ts";
import type { StoredEmail } from "./store.ts";

/** What is sealed of an address: the code that was sent lies with it. */
const contentSchema = z.object({ address: z.string(), code: z.string().optional() });
type Content = z.output<typeof contentSchema>;

export type EmailInfo = {
  readonly address: string | undefined;
  /** One that was named and has not been confirmed yet. */
  readonly pending: string | undefined;
  /** Whether this server sends mail. */
  readonly available: boolean;
};

/**
 * Notes an address, and mails it a code that shows it is the user's. The one before it stays until
 * then. The answer is the same for every address, whether another account has it or not.
 *
 * Refuses `unsupported` and `unavailable`.
 */
export async function startEmail(
  context: FactorContext,
  user: UserUri,
  address: string,
): Promise<void> {
  const { database, domain, env, mailer, sealing, store } = context;
  if (sealing === undefined || mailer === undefined) {
    throw new Refusal(
      "unsupported",
      "this server sends no mail; its operator can set mail.smtp_url",
    );
  }
  const name = nameOf(user);
  const code = makeCode(context);
  await database.transaction((tx) =>
    store.putEmail(tx, {
      name,
      verified: false,
      content: seal(context, { name, verified: false }, { address, code }),
      triesLeft: FACTOR_LIMITS.triesMax,
      expiresAt: env.now() + FACTOR_LIMITS.emailCodeMs,
    }),
  );
  await mailer.send({
    to: address,
    subject: `Your code for ${domain}: ${code}`,
    text:
      `Somebody, hopefully you, wants this address to belong to an account at ${domain}.\n\n` +
      `The code is ${code}. It holds for 15 minutes.\n\n` +
      "If it was not you, do nothing: without the code nothing happens.\n",
  });
}

/** Makes the address that was named the account's, for whoever got its mail. Refuses `factorInvalid`. */
export async function confirmEmail(
  context: FactorContext,
  user: UserUri,
  code: string,
): Promise<void> {
  const { database, domain, mailer } = context;
  const name = nameOf(user);
  const typed = code.replaceAll(/[\s-]/g, "");
  // The count of a wrong code must last, so the refusal comes after the transaction.
  const verdict = await database.transaction((tx) => judge(context, tx, name, typed));
  if (verdict === "wrong") {
    throw new Refusal(
      "factorInvalid",
      "the code is wrong or over; name the address again for a new one",
    );
  }
  const { former, address } = verdict;
  if (former === undefined || former === address || mailer === undefined) return;
  const text = `The account at ${domain} that had this address has another one now.\n`;
  const notice = { to: former, subject: `Your address at ${domain} was replaced`, text };
  // The change is done; that its notice cannot be sent is in the log.
  await mailer.send(notice).catch(() => undefined);
}

async function judge(
  context: FactorContext,
  tx: Tx,
  name: string,
  typed: string,
): Promise<"wrong" | { readonly address: string; readonly former: string | undefined }> {
  const { env, store } = context;
  const pending = await store.email(tx, name, false);
  if (pending === undefined || pending.expiresAt <= env.now() || pending.triesLeft < 1)
    return "wrong";
  const { address, code } = open(context, pending);
  if (code !== typed) {
    await store.putEmail(tx, { ...pending, triesLeft: pending.triesLeft - 1 });
    return "wrong";
  }
  const before = await store.email(tx, name, true);
  const content = seal(context, { name, verified: true }, { address });
  await store.deleteEmails(tx, name);
  await store.putEmail(tx, { name, verified: true, content, triesLeft: 0, expiresAt: 0 });
  return { address, former: before && open(context, before).address };
}

export async function readEmail(context: FactorContext, user: UserUri): Promise<EmailInfo> {
  const { database, env, mailer, sealing, store } = context;
  const name = nameOf(user);
  return database.read(async (tx) => {
    const verified = await store.email(tx, name, true);
    const pending = await store.email(tx, name, false);
    const waits = pending !== undefined && pending.expiresAt > env.now();
    return {
      address: verified && open(context, verified).address,
      pending: waits ? open(context, pending).address : undefined,
      available: mailer !== undefined && sealing !== undefined,
    };
  });
}

/** Whether the account has confirmed this address. */
export async function isConfirmedEmail(
  context: FactorContext,
  tx: ReadTx,
  name: string,
  address: string,
): Promise<boolean> {
  const confirmed = await context.store.email(tx, name, true);
  return (
    confirmed !== undefined &&
    open(context, confirmed).address.toLowerCase() === address.toLowerCase()
  );
}

/** Mails the account's confirmed address, if it has one. Refuses `unavailable`. */
export async function mailAccount(
  context: FactorContext,
  name: string,
  mail: { readonly subject: string; readonly text: string },
): Promise<void> {
  const { database, mailer, store } = context;
  const confirmed = await database.read((tx) => store.email(tx, name, true));
  if (confirmed !== undefined)
    await mailer?.send({ ...mail, to: open(context, confirmed).address });
}

/** The same content under the current key. */
export function resealEmail(context: FactorContext, email: StoredEmail): StoredEmail {
  return { ...email, content: seal(context, email, open(context, email)) };
}

/** Eight digits, each as likely. */
function makeCode({ env }: FactorContext): string {
  let code = "";
  while (code.length < 8) {
    for (const octet of env.random(8)) if (octet < 250 && code.length < 8) code += octet % 10;
  }
  return code;
}

function seal(
  { sealing }: FactorContext,
  row: Pick<StoredEmail, "name" | "verified">,
  content: Content,
): Sealed {
  if (sealing === undefined) throw new Assertion("without keys nothing is sealed");
  return sealing.seal(placeOf(row), utf8Encode(JSON.stringify(content)));
}

function open({ sealing }: FactorContext, email: StoredEmail): Content {
  if (sealing === undefined)
    throw new Assertion("sealed rows were found without keys at the start");
  const text = utf8Decode(sealing.open(placeOf(email), email.content));
  return contentSchema.parse(JSON.parse(text));
}

function placeOf({ name, verified }: Pick<StoredEmail, "name" | "verified">): SealedPlace {
  return { table: "factors_emails", column: "content", row: `${name} ${verified}` };
}
