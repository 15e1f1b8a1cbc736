import { passkeyStartAnswerSchema, paths, proofAnswerSchema } from "@treehouse/protocol";

import type { Api } from "../transport/index.ts";

/**
 * Brings a question to the user's authenticator. In a browser, with `options` as they come:
 * `credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) })`, and
 * `toJSON()` of what that gives; for a new one `create` and `parseCreationOptionsFromJSON`.
 */
export type AskPasskey = (options: Readonly<Record<string, unknown>>) => Promise<unknown>;

/**
 * Has one of the user's passkeys answer. The proof holds once and for five minutes, as a code of the
 * second factor. Refuses `factorInvalid`.
 */
export async function provePasskey(api: Api, get: AskPasskey): Promise<string> {
  const { flowId, options } = await api.json(
    "POST",
    paths.passkeyProofStart(),
    passkeyStartAnswerSchema,
  );
  const response = await get(options);
  const body = { flowId, response };
  return (await api.json("POST", paths.passkeyProofFinish(), proofAnswerSchema, body)).proof;
}
