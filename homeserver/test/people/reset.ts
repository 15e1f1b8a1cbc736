import { client as opaqueClient, ready } from "@serenity-kit/opaque";
import { paths, resetStartAnswerSchema, toBase64Url } from "@treehouse/protocol";
import { ask } from "./ask.ts";
import type { Answer } from "./ask.ts";
import { testCrypto } from "./person.ts";
import type { Person } from "./person.ts";
import { keyStretching } from "./sign-in.ts";

/** The first half of a reset, and the body with which the second half would succeed. */
export async function beginReset(
  url: string,
  person: Person,
  options: { readonly password: string; readonly token: string },
): Promise<{ readonly started: Answer; readonly finish: Record<string, unknown> }> {
  await ready;
  const { password, token } = options;
  const { clientRegistrationState, registrationRequest } = opaqueClient.startRegistration({
    password,
  });
  const started = await ask(url, paths.resetStart(), { json: { token, registrationRequest } });
  if (started.refusal) return { started, finish: {} };
  const { resetId, registrationResponse } = resetStartAnswerSchema.parse(started.json);
  const { registrationRecord, exportKey } = opaqueClient.finishRegistration({
    clientRegistrationState,
    registrationResponse,
    password,
    keyStretching,
  });
  const finish = {
    resetId,
    registrationRecord,
    recoveryBundle: toBase64Url(testCrypto.hash(new TextEncoder().encode(exportKey))),
    certificate: toBase64Url(person.certificate),
    clientList: toBase64Url(person.clientList),
    attestation: toBase64Url(person.attestation),
  };
  return { started, finish };
}

export async function tryReset(
  url: string,
  person: Person,
  options: { readonly password: string; readonly token: string; readonly code?: string },
): Promise<Answer> {
  const { started, finish } = await beginReset(url, person, options);
  const { code } = options;
  const json = code === undefined ? finish : { ...finish, code };
  return started.refusal ? started : ask(url, paths.resetFinish(), { json });
}
