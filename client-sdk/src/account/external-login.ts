import { proofAnswerSchema, externalStartAnswerSchema, paths } from "@treehouse/protocol";

import type { Api } from "../transport/index.ts";

/** How the program brings its user's browser to the provider and back (RFC 8252). */
export type ExternalLogin = {
  /** `http://127.0.0.1:<port>/callback`, where the program listens, or one that the operator allows. */
  readonly redirectUri: string;
  /** Shows the address to the user's browser; answers the whole address that it came back to. */
  readonly visit: (authorizationUrl: string) => Promise<string>;
};

/**
 * Logs in at the operator's provider. The proof holds once and for five minutes, as a code of the
 * second factor, for a link, or for a registration. Refuses `unsupported`, `loginFailed` and
 * `unavailable`.
 */
export async function proveExternally(
  api: Api,
  { redirectUri, visit }: ExternalLogin,
): Promise<string> {
  const started = await api.json("POST", paths.externalStart(), externalStartAnswerSchema, {
    redirectUri,
  });
  const callback = await visit(started.authorizationUrl);
  const finished = await api.json("POST", paths.externalFinish(), proofAnswerSchema, {
    flowId: started.flowId,
    callback,
  });
  return finished.proof;
}
