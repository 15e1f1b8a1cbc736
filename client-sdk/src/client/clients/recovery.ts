import {
  type AccountContext,
  createRecovery,
  formatRecoveryKey,
  openServerCopy,
  parseRecoveryKey,
  readRecoveryNote,
  recoveryStatus,
  type RecoveryStatus,
  resetPassword,
  type Secret,
  type StoredAccount,
} from "../../account/index.ts";
import { guarded } from "../guarded.ts";
import type { Chosen } from "../account/index.ts";

/** What opens the user's keys for the moment in which a recovery key is made. */
export type RecoveryProof = { readonly password: string } | { readonly recoveryKey: string };

/** What goes beside it where the account has a second factor. */
export type FactorAnswer = {
  /** As in `ClientOptions`. */
  readonly secondFactor?: string | (() => Promise<string>);
};

export interface ClientRecovery {
  /**
   * Makes a recovery key in the place of the one before, and answers it this once: 56 characters in
   * groups of four, to be written down. Takes the password, or the key before. Refuses `loginFailed`,
   * and as a login does where the account has a second factor.
   */
  create(proof: RecoveryProof): Promise<string>;
  /**
   * Resolves if the key opens the account's keys; changes nothing. Refuses `malformed` when it is
   * mistyped, `loginFailed` when it is not the current one, `notFound` when there is none, and
   * `identityInvalid` when the server's copy is damaged or another one.
   */
  check(recoveryKey: string): Promise<void>;
  /** What the server holds, compared with what the user's clients have noted. */
  status(): Promise<RecoveryStatus>;
  /** Whether the user's clients have noted a recovery key; asks no server. */
  isNoted(): Promise<boolean>;
  /**
   * Sets a new password in the place of a forgotten one; no key is lost, and the recovery key stays
   * what it was. Refuses as `check` does, and `factorRequired` without a code that is needed.
   */
  resetPassword(
    reset: { readonly recoveryKey: string; readonly newPassword: string } & FactorAnswer,
  ): Promise<void>;
}

export function createClientRecovery(
  context: AccountContext,
  account: StoredAccount,
  chosen: Chosen,
): ClientRecovery {
  return {
    create: (proof) =>
      guarded(async () => {
        const key = await createRecovery(context, account, secretOf(proof));
        await chosen.push();
        return formatRecoveryKey(key);
      }),
    check: (recoveryKey) =>
      guarded(async () => {
        await openServerCopy(context, account, parseRecoveryKey(recoveryKey));
      }),
    status: () => guarded(() => recoveryStatus(context)),
    isNoted: () =>
      guarded(() => context.store.transaction((tx) => readRecoveryNote(tx) !== undefined)),
    resetPassword: ({ recoveryKey, newPassword, secondFactor = context.secondFactor }) =>
      guarded(() => {
        const key = parseRecoveryKey(recoveryKey);
        const resetting = { ...context, secondFactor };
        return resetPassword(resetting, account, { recoveryKey: key, newPassword });
      }),
  };
}

/** Reads a recovery key as it was typed. Refuses `malformed`. */
export function secretOf(proof: RecoveryProof): Secret {
  if ("password" in proof) return { password: proof.password };
  return { recoveryKey: parseRecoveryKey(proof.recoveryKey) };
}
