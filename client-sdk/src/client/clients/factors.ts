import {
  factorsAnswerSchema,
  passkeyStartAnswerSchema,
  paths,
  recoveryCodesAnswerSchema,
  totpStartAnswerSchema,
} from "@treehouse/protocol";

import {
  type AccountContext,
  type AskPasskey,
  type ExternalLogin,
  proveExternally,
  provePasskey,
  provePassword,
} from "../../account/index.ts";
import { guarded } from "../guarded.ts";

export type PasskeyInfo = {
  readonly id: string;
  readonly label: string;
  readonly createdAt: number;
  readonly usedAt?: number | undefined;
};

export type FactorsInfo = {
  /** Whether logins take a code beside the password. */
  readonly totp: boolean;
  /** Whether the account is linked with one at the operator's provider of logins. */
  readonly external: boolean;
  /** Oldest first. */
  readonly passkeys: readonly PasskeyInfo[];
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
  /**
   * Links the account with the one that the user logs in to at the operator's provider: logins take
   * that, or another factor, from then on. Recovery codes are told, this once, if there were none.
   * Refuses `unsupported`, `loginFailed` and `conflict`.
   */
  linkExternal(login: ExternalLogin): Promise<{ readonly recoveryCodes: readonly string[] }>;
  /** Ends that link; its own login there is a code as well. Refuses like `disableTotp`. */
  unlinkExternal(proof: FactorProof): Promise<void>;
  /** Logs in at the provider; what it answers is a code, which holds once. */
  proveExternally(login: ExternalLogin): Promise<string>;
  /**
   * Adds a passkey, which only a browser or an authenticator can make: logins take it, or another
   * factor, from then on. Recovery codes are told, this once, if there were none. The label, of 64
   * characters at most, is for the user, and the server sees it. Refuses `factorInvalid` and
   * `conflict`.
   */
  addPasskey(passkey: {
    readonly label: string;
    readonly create: AskPasskey;
  }): Promise<{ readonly recoveryCodes: readonly string[] }>;
  /** Has a passkey answer; what it answers is a code, which holds once. */
  provePasskey(get: AskPasskey): Promise<string>;
  /** Refuses like `disableTotp`. */
  removePasskey(id: string, proof: FactorProof): Promise<void>;
  /** Refuses `loginFailed`, `factorInvalid`, `rateLimited` and `notFound`. */
  disableTotp(proof: FactorProof): Promise<void>;
  /** New recovery codes in place of the old ones. Refuses like `disableTotp`. */
  renewRecoveryCodes(proof: FactorProof): Promise<{ readonly recoveryCodes: readonly string[] }>;
}

export function createFactors(context: AccountContext): ClientFactors {
  const { api } = context;
  const proved = async ({ password, code }: FactorProof) => ({
    ...(await provePassword(context, password)),
    code,
  });
  return {
    info: () => guarded(() => api.json("GET", paths.factors(), factorsAnswerSchema)),
    startTotp: () => guarded(() => api.json("POST", paths.totp(), totpStartAnswerSchema)),
    confirmTotp: (code) =>
      guarded(() => api.json("POST", paths.totpConfirm(), recoveryCodesAnswerSchema, { code })),
    linkExternal: (login) =>
      guarded(async () => {
        const proof = await proveExternally(api, login);
        return api.json("POST", paths.externalLink(), recoveryCodesAnswerSchema, { proof });
      }),
    unlinkExternal: (proof) =>
      guarded(async () => api.done("DELETE", paths.externalLink(), await proved(proof))),
    proveExternally: (login) => guarded(() => proveExternally(api, login)),
    addPasskey: ({ label, create }) =>
      guarded(async () => {
        const started = await api.json("POST", paths.passkeyStart(), passkeyStartAnswerSchema);
        const body = { flowId: started.flowId, label, response: await create(started.options) };
        return api.json("POST", paths.passkeys(), recoveryCodesAnswerSchema, body);
      }),
    provePasskey: (get) => guarded(() => provePasskey(api, get)),
    removePasskey: (id, proof) =>
      guarded(async () => api.done("DELETE", paths.passkey(id), await proved(proof))),
    disableTotp: (proof) =>
      guarded(async () => api.done("DELETE", paths.totp(), await proved(proof))),
    renewRecoveryCodes: (proof) =>
      guarded(async () =>
        api.json("POST", paths.recoveryCodes(), recoveryCodesAnswerSchema, await proved(proof)),
      ),
  };
}
