import { Refusal } from "@treehouse/protocol";
import type { AuthenticationContext } from "../context.ts";

/**
 * Asks for the second factor of an account that has one. Refuses `factorRequired` without a code,
 * `factorInvalid` and `rateLimited`.
 */
export async function checkFactor(
  context: Pick<AuthenticationContext, "database" | "neighbours">,
  name: string,
  code: string | undefined,
): Promise<void> {
  const { factors } = context.neighbours.current;
  if (await context.database.read((tx) => factors.isRequired(tx, name))) {
    await checkCode(context, name, code);
  }
}

/** The same where it is known that the account has one. */
export function checkCode(
  { neighbours }: Pick<AuthenticationContext, "neighbours">,
  name: string,
  code: string | undefined,
): Promise<void> {
  if (code !== undefined) return neighbours.current.factors.check(name, code);
  throw new Refusal(
    "factorRequired",
    "this takes a code of the authenticator app, or a recovery code",
  );
}
