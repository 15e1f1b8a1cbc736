import type { MemberContext } from "@treehouse/mls/member";
import { domainOf, requestProofMessage, toBase64Url } from "@treehouse/protocol";

import type { ToProve } from "../transport/index.ts";
import type { StoredAccount } from "./stored-account.ts";

/** Signs a request with the client's key: a stolen session token cannot. */
export function proveRequest(
  crypto: MemberContext["crypto"],
  { user, client, signaturePrivateKey }: StoredAccount,
  request: ToProve,
): string {
  const message = requestProofMessage({ ...request, server: domainOf(user), client });
  return `${request.challenge}.${toBase64Url(crypto.sign(signaturePrivateKey, message))}`;
}
