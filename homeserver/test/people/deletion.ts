import assert from "node:assert/strict";
import { client as opaqueClient, ready } from "@serenity-kit/opaque";
import { deletionStartAnswerSchema, paths, toBase64Url } from "@treehouse/protocol";
import { ask } from "./ask.ts";
import type { Answer } from "./ask.ts";
import { keyStretching } from "./sign-in.ts";

/** Somebody who asks a server to be deleted. */
type Leaver = {
  readonly url: string;
  readonly token: string;
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
}: Leaver): Promise<{ readonly deletionId: string; readonly finishLoginRequest: string }> {
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
  { url, token, from }: Omit<Leaver, "password">,
  json: unknown,
): Promise<Answer> {
  return ask(url, paths.account(), { method: "DELETE", token, from, json });
}

export async function deleteAccount(leaver: Leaver): Promise<void> {
  const answer = await finishDeletion(leaver, await beginDeletion(leaver));
  assert.equal(answer.status, 204);
}
