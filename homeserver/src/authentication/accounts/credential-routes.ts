import {
  credentialFinishAnswerSchema,
  credentialFinishRequestSchema,
  credentialProofAnswerSchema,
  credentialProofRequestSchema,
  credentialStartAnswerSchema,
  credentialStartRequestSchema,
  deletionRequestSchema,
  deletionStartAnswerSchema,
  deletionStartRequestSchema,
  fromBase64Url,
  routes,
  toBase64Url,
} from "@treehouse/protocol";
import { jsonAnswer, jsonBody, noAnswer, route, type Route } from "../../platform/index.ts";
import {
  finishCredentialChange,
  proveCredential,
  startCredentialChange,
  startPasswordProof,
} from "../login/index.ts";
import type { AuthenticationContext } from "../context.ts";
import { deleteAccount } from "./delete-account.ts";

import type { AuthenticationLimits } from "../limits.ts";

/**
 * What a session alone cannot do: a new password with its recovery bundle, and the account's end. Each
 * takes the client's key, the password and the code of the second factor. A start tells whether the
 * password was right, as that of a login does, and is counted like one.
 */
export function credentialRoutes(
  context: AuthenticationContext,
  limits: AuthenticationLimits,
): readonly Route[] {
  return [
    route({
      method: "POST",
      path: routes.credentialStart,
      access: "session",
      summary: "Start a change of password: prove the old one, register the new one",
      body: jsonBody(credentialStartRequestSchema),
      answer: jsonAnswer(credentialStartAnswerSchema),
      handle: async ({ body, session, address }) => {
        limits.loginPerAddress.take(address);
        limits.loginPerUser.take(`${session.user} ${address}`);
        limits.loginTries.take(session.user, address);
        const started = await startCredentialChange(context, session.user, {
          startLoginRequest: fromBase64Url(body.startLoginRequest),
          registrationRequest: fromBase64Url(body.registrationRequest),
        });
        return {
          ...started,
          loginResponse: toBase64Url(started.loginResponse),
          registrationResponse: toBase64Url(started.registrationResponse),
        };
      },
    }),
    route({
      method: "POST",
      path: routes.credentialProof,
      access: "session",
      proved: true,
      summary: "Prove the old password, for the recovery bundle to be sealed under the new one",
      body: jsonBody(credentialProofRequestSchema),
      answer: jsonAnswer(credentialProofAnswerSchema),
      handle: async ({ body, session, address }) => {
        limits.lookupPerAddress.take(address);
        const proved = await proveCredential(context, session.user, {
          changeId: body.changeId,
          finishLoginRequest: fromBase64Url(body.finishLoginRequest),
          code: body.code,
        });
        limits.loginTries.succeeded(session.user);
        return { ...proved, recoveryBundle: toBase64Url(proved.recoveryBundle) };
      },
    }),
    route({
      method: "POST",
      path: routes.credentialFinish,
      access: "session",
      proved: true,
      summary: "Change password and recovery bundle together, or neither",
      body: jsonBody(credentialFinishRequestSchema),
      answer: jsonAnswer(credentialFinishAnswerSchema),
      handle: async ({ body, session, address }) => {
        limits.lookupPerAddress.take(address);
        const recoveryBundleVersion = await finishCredentialChange(context, session.user, {
          changeId: body.changeId,
          finishLoginRequest: fromBase64Url(body.finishLoginRequest),
          registrationRecord: fromBase64Url(body.registrationRecord),
          recoveryBundle: fromBase64Url(body.recoveryBundle),
        });
        return { recoveryBundleVersion };
      },
    }),
    ...deletionRoutes(context, limits),
  ];
}

function deletionRoutes(
  context: AuthenticationContext,
  limits: AuthenticationLimits,
): readonly Route[] {
  return [
    route({
      method: "POST",
      path: routes.accountDeletion,
      access: "session",
      summary: "Start the end of the account: prove the password",
      body: jsonBody(deletionStartRequestSchema),
      answer: jsonAnswer(deletionStartAnswerSchema),
      handle: async ({ body, session, address }) => {
        limits.loginPerAddress.take(address);
        limits.loginPerUser.take(`${session.user} ${address}`);
        limits.loginTries.take(session.user, address);
        const request = fromBase64Url(body.startLoginRequest);
        const started = await startPasswordProof(context, session.user, request);
        const { proofId: deletionId, loginResponse, expiresAt } = started;
        return { deletionId, loginResponse: toBase64Url(loginResponse), expiresAt };
      },
    }),
    route({
      method: "DELETE",
      path: routes.account,
      access: "session",
      proved: true,
      summary: "Delete the account with everything that is the user's; the name is gone for good",
      body: jsonBody(deletionRequestSchema),
      answer: noAnswer,
      handle: ({ body, session, address }) => {
        limits.lookupPerAddress.take(address);
        return deleteAccount(context, session.user, {
          proofId: body.deletionId,
          finishLoginRequest: fromBase64Url(body.finishLoginRequest),
          code: body.code,
        });
      },
    }),
  ];
}
