import { client, ready } from "@serenity-kit/opaque";
import { fromBase64Url, Refusal, utf8Encode } from "@treehouse/protocol";

import { checkNewPassword } from "./new-password.ts";

/**
 * The parameters of Argon2id: what each guess at a password costs whoever has the server's disk. A
 * record fits one choice, so that all clients of an account need the same.
 */
export type KeyStretching =
  | "memory-constrained"
  | { readonly "argon2id-custom": { memory: number; iterations: number; parallelism: number } };

/** RFC 9106 §4, second choice: 64 MiB and three passes. */
export const KEY_STRETCHING: KeyStretching = "memory-constrained";

/**
 * OPAQUE (RFC 9807) on the client's side. The password never leaves this module; the server sees
 * blinded values only.
 */

export type PasswordRegistration = {
  readonly request: string;
  finish(response: string): { readonly record: string; readonly exportKey: Uint8Array };
};

/** Refuses `malformed` for a password that may not be set. */
export async function startRegistration(
  password: string,
  keyStretching: KeyStretching,
): Promise<PasswordRegistration> {
  checkNewPassword(password);
  await ready;
  const started = client.startRegistration({ password });
  return {
    request: started.registrationRequest,
    finish(registrationResponse) {
      const finished = client.finishRegistration({
        clientRegistrationState: started.clientRegistrationState,
        registrationResponse,
        password,
        keyStretching,
      });
      return { record: finished.registrationRecord, exportKey: fromBase64Url(finished.exportKey) };
    },
  };
}

export type PasswordLogin = {
  readonly request: string;
  /** Undefined when the password is wrong or there is no such account; the two look the same. */
  finish(
    response: string,
  ): { readonly request: string; readonly exportKey: Uint8Array } | undefined;
};

/** OPAQUE takes no longer one. */
const passwordBytesMax = 65_535;

/** Refuses `loginFailed` for what can be nobody's password. */
export async function startLogin(
  password: string,
  keyStretching: KeyStretching,
): Promise<PasswordLogin> {
  if (utf8Encode(password).length > passwordBytesMax) {
    throw new Refusal("loginFailed", "the password is wrong: none is as long");
  }
  await ready;
  const started = client.startLogin({ password });
  return {
    request: started.startLoginRequest,
    finish(loginResponse) {
      const finished = client.finishLogin({
        clientLoginState: started.clientLoginState,
        loginResponse,
        password,
        keyStretching,
      });
      if (finished === undefined) return undefined;
      return { request: finished.finishLoginRequest, exportKey: fromBase64Url(finished.exportKey) };
    },
  };
}
