import { domainOf, nameOf, Refusal, type UserUri } from "@treehouse/protocol";
import { errorFields } from "../../platform/index.ts";
import type { AuthenticationContext } from "../context.ts";
import { mintToken } from "../sessions/index.ts";
import { RESET_LIMITS } from "./limits.ts";
import { tokenMail } from "./mails.ts";

/**
 * Has a token mailed to the address, if that is the one which the account has confirmed. Everything
 * is done behind the answer, so that neither its words nor its time tell whether there is such an
 * account or such an address. A token takes the place of the one before it.
 *
 * Refuses `unsupported`, to everybody alike.
 */
export function requestReset(
  context: AuthenticationContext,
  request: { readonly user: UserUri; readonly address: string },
): void {
  if (!context.neighbours.current.mailboxes.available()) {
    throw new Refusal(
      "unsupported",
      "this server sends no mail; its operator can set mail.smtp_url",
    );
  }
  const { env } = context;
  // Not before the answer is on its way: what is written to the disk holds up everything behind it.
  const delayMs = delayMinMs + (env.random(1)[0] ?? 0);
  env.timer(delayMs, () => {
    mailToken(context, request).catch((error: unknown) => {
      env.log.warn("resetNotMailed", errorFields(error));
    });
  });
}

const delayMinMs = 50;

async function mailToken(
  { database, domain, env, neighbours, resets }: AuthenticationContext,
  { user, address }: { readonly user: UserUri; readonly address: string },
): Promise<void> {
  if (domainOf(user) !== domain) return;
  const { mailboxes } = neighbours.current;
  const name = nameOf(user);
  const { text, hash } = mintToken(env);
  const isTheirs = await database.transaction(async (tx) => {
    if (!(await mailboxes.isConfirmed(tx, name, address))) return false;
    const before = await resets.reset(tx, name);
    const token = { hash, expiresAt: env.now() + RESET_LIMITS.tokenMs };
    await resets.putReset(tx, { name, token, wait: before?.wait });
    return true;
  });
  if (isTheirs) mailboxes.mail(name, tokenMail(domain, user, text));
}
