/**
 * Factors are what proves an account beside its password: an authenticator app (RFC 6238), passkeys (WebAuthn) and
 * recovery codes in its stead, an account at the operator's provider of logins (OpenID Connect), and
 * an e-mail address that was shown to be the user's.
 *
 * A second factor is asked for beside the password or the recovery key: at logins, and wherever the
 * recovery bundle or the account is at stake. It adds no client, opens no bundle and reads no message by
 * itself: keys are the user's own affair, and this module has none. It promises: no code counts twice; the
 * wrong ones are counted and limited, also over a restart; secrets are sealed under keys that lie
 * outside of the data directory, and recovery codes are kept as hashes; nothing is asked for before
 * the user has shown that she can answer.
 */
import type { Domain, Env, UserUri } from "@treehouse/protocol";
import { nameOf, Refusal } from "@treehouse/protocol";
import { createPending, errorFields, migrationsOf } from "../platform/index.ts";
import type { Database, Mailer, ReadTx, Route, SealingKeys, Tx } from "../platform/index.ts";
import type { External, FactorContext, RelyingParty } from "./context.ts";
import { isConfirmedEmail, mailAccount } from "./email.ts";
import { createEmailLimits, emailRoutes } from "./email-routes.ts";
import type { Passwords } from "./ports.ts";
import { refuseLostKeys, reseal } from "./reseal.ts";
import { createFactorLimiter, factorRoutes } from "./routes.ts";
import { createSqliteStore } from "./store.sqlite.ts";
import type { PendingExternal } from "./external/log-in.ts";
import { writeLink } from "./external/link.ts";
import { externalRoutes } from "./external/routes.ts";
import type { PendingPasskey } from "./passkeys/register.ts";
import { passkeyRoutes } from "./passkeys/routes.ts";
import type { FactorProof } from "./proofs.ts";
import { hasFactor, tryCode } from "./try-code.ts";

export const factorsMigrations = migrationsOf("factors");

export interface Factors {
  readonly routes: readonly Route[];
  /** Whether a login of this account takes a code beside the password. */
  isRequired(tx: ReadTx, name: string): Promise<boolean>;
  /** Refuses `factorInvalid` and `rateLimited`. */
  check(name: string, code: string): Promise<void>;
  /**
   * Links an account that begins with the account at the provider that was proved. Refuses
   * `loginFailed` and `conflict`.
   */
  link(tx: Tx, name: string, proof: string): Promise<void>;
  /** The mailboxes that accounts have confirmed. */
  readonly mailboxes: {
    /** Whether this server sends mail. */
    available(): boolean;
    isConfirmed(tx: ReadTx, name: string, address: string): Promise<boolean>;
    /** Mails the account's confirmed address, if it has one, behind the answer. Never throws. */
    mail(name: string, mail: { readonly subject: string; readonly text: string }): void;
  };
  /** The account is gone, and so is everything that proved it. */
  forget(tx: Tx, user: UserUri): Promise<void>;
}

export type FactorsOptions = {
  readonly env: Pick<Env, "now" | "monotonic" | "random" | "log">;
  readonly database: Database;
  readonly domain: Domain;
  readonly passwords: Passwords;
  readonly sealing: SealingKeys | undefined;
  readonly mailer: Mailer | undefined;
  /** The operator's provider of logins, and where it may send browsers beside loopback. */
  readonly external?: External;
  readonly relyingParty: RelyingParty;
};

/** Throws `SealingRefused` when a key is missing under which something is sealed. */
export async function createFactors(options: FactorsOptions): Promise<Factors> {
  const { env, database, domain, passwords, sealing, mailer } = options;
  const store = createSqliteStore(database);
  const context: FactorContext = {
    env,
    database,
    store,
    domain,
    passwords,
    sealing,
    mailer,
    external: options.external,
    relyingParty: options.relyingParty,
    pendingPasskeys: createPending<PendingPasskey>(env),
    pendingExternals: createPending<PendingExternal>(env),
    proofs: createPending<FactorProof>(env),
  };
  await refuseLostKeys(context);
  await reseal(context);
  const limiter = createFactorLimiter(env);
  return {
    routes: [
      ...factorRoutes(context, limiter),
      ...emailRoutes(context, limiter, createEmailLimits(env)),
      ...externalRoutes(context, env),
      ...passkeyRoutes(context, env, limiter),
    ],
    isRequired: (tx, name) => hasFactor(context, tx, name),
    link: (tx, name, proof) => writeLink(context, tx, name, proof),
    check: (name, code) => tryCode(context, name, code, { appOnly: false }),
    mailboxes: {
      available: () => mailer !== undefined && sealing !== undefined,
      isConfirmed: (tx, name, address) => isConfirmedEmail(context, tx, name, address),
      mail: (name, mail) => {
        void mailAccount(context, name, mail).catch((error: unknown) => {
          // What the mailer could not send is in the log already.
          if (!(error instanceof Refusal)) env.log.warn("accountNotMailed", errorFields(error));
        });
      },
    },
    forget: async (tx, user) => {
      await store.deleteTotp(tx, nameOf(user));
      await store.deleteTries(tx, nameOf(user));
      await store.deleteExternalLogin(tx, nameOf(user));
      await store.deletePasskeys(tx, nameOf(user));
      await store.deleteEmails(tx, nameOf(user));
      await store.replaceRecoveryCodes(tx, nameOf(user), []);
    },
  };
}
