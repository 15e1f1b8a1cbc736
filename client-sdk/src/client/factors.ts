import {
  factorsAnswerSchema,
  paths,
  recoveryCodesAnswerSchema,
  totpStartAnswerSchema,
} from "@treehouse/protocol";

import { provePassword } from "../account/index.ts";
import type { Api } from "../transport/index.ts";
import { guarded } from "./guarded.ts";

export type FactorsInfo = {
  /** Whether logins take a code beside the password. */
  readonly totp: boolean;
  /** How many recovery codes are left. */
  readonly recoveryCodes: number;
  /** Whether the server offers second factors at all. */
  readonly available: boolean;
};

/** What a change takes that would make logins easier: everything that a login takes. */
export type FactorProof = { readonly password: string; readonly code: string };

/**
 * The second factor of logins: an authenticator app, and recovery codes in its stead. It protects
 * sessions; keys and messages are protected by the client's store, and by the password alone.
 */
export interface ClientFactors {
  info(): Promise<FactorsInfo>;
  /** Makes a secret for an app. It changes nothing before `confirmTotp`. Refuses `conflict`. */
  startTotp(): Promise<{ readonly secret: string; readonly uri: string }>;
  /**
   * Turns the factor on with a first code of the app. The recovery codes are told this once.
   * Refuses `factorInvalid`, `rateLimited` and `notFound`.
   */
  confirmTotp(code: string): Promise<{ readonly recoveryCodes: readonly string[] }>;
  /** Refuses `loginFailed`, `factorInvalid`, `rateLimited` and `notFound`. */
  disableTotp(proof: FactorProof): Promise<void>;
  /** New recovery codes in place of the old ones. Refuses like `disableTotp`. */
  renewRecoveryCodes(proof: FactorProof): Promise<{ readonly recoveryCodes: readonly string[] }>;
}

export function createFactors(api: Api): ClientFactors {
  const proved = async ({ password, code }: FactorProof) => ({
    ...(await provePassword({ api }, password)),
    code,
  });
  return {
    info: () => guarded(() => api.json("GET", paths.factors(), factorsAnswerSchema)),
    startTotp: () => guarded(() => api.json("POST", paths.totp(), totpStartAnswerSchema)),
    confirmTotp: (code) =>
      guarded(() => api.json("POST", paths.totpConfirm(), recoveryCodesAnswerSchema, { code })),
    disableTotp: (proof) =>
      guarded(async () => api.done("DELETE", paths.totp(), await proved(proof))),
    renewRecoveryCodes: (proof) =>
      guarded(async () =>
        api.json("POST", paths.recoveryCodes(), recoveryCodesAnswerSchema, await proved(proof)),
      ),
  };
}
