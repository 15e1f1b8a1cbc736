import assert from "node:assert/strict";
import { client as opaqueClient, ready } from "@serenity-kit/opaque";
import { deletionStartAnswerSchema, paths, toBase64Url } from "@treehouse/protocol";
import { ask, askProved } from "./ask.ts";
import type { Answer, Signer } from "./ask.ts";
import { keyStretching } from "./sign-in.ts";

/** Somebody who asks a server to be deleted. */
type Leaver = {
  readonly url: string;
  readonly token: string;
  /** With whose key the deletion is signed. */
  readonly signer: Signer;
  readonly password: string;
  /** The address from which a proxy says that it comes. */
  readonly from?: string;
};

/** The first half of a deletion, and the body of the second. */
export async function beginDeletion({
  url,
  token,
  password,
  from,
}: Omit<Leaver, "signer">): Promise<{
  readonly deletionId: string;
  readonly finishLoginRequest: string;
}> {
  await ready;
  const { clientLoginState, startLoginRequest } = opaqueClient.startLogin({ password });
  const started = await ask(url, paths.accountDeletion(), {
    token,
    from,
    json: { startLoginRequest },
  });
  const { deletionId, loginResponse } = deletionStartAnswerSchema.parse(started.json);
  const proof = opaqueClient.finishLogin({
    clientLoginState,
    loginResponse,
    password,
    keyStretching,
  });
  const finishLoginRequest = proof?.finishLoginRequest ?? toBase64Url(new Uint8Array(64));
  return { deletionId, finishLoginRequest };
}

export function finishDeletion(
  { url, token, signer, from }: Omit<Leaver, "password">,
  json: unknown,
): Promise<Answer> {
  return askProved(signer, url, paths.account(), { method: "DELETE", token, from, json });
}

export async function deleteAccount(leaver: Leaver): Promise<void> {
  const answer = await finishDeletion(leaver, await beginDeletion(leaver));
  assert.equal(answer.status, 204);
}
