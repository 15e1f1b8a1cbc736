import {
  credentialFinishAnswerSchema,
  fromBase64Url,
  nameOf,
  passwordResetFinishRequestSchema,
  passwordResetStartAnswerSchema,
  passwordResetStartRequestSchema,
  recoveryAnswerSchema,
  recoveryProofAnswerSchema,
  recoveryProofRequestSchema,
  recoveryStartAnswerSchema,
  recoveryStartRequestSchema,
  recoveryVersionSchema,
  recoveryWriteSchema,
  routes,
  toBase64Url,
} from "@treehouse/protocol";
import { jsonAnswer, jsonBody, route } from "../../platform/index.ts";
import type { Route } from "../../platform/index.ts";
import type { AuthenticationContext } from "../context.ts";
import type { AuthenticationLimits } from "../limits.ts";
import { proveRecovery, startRecovery } from "./prove.ts";
import { finishReset, startReset } from "./reset-password.ts";
import { writeRecovery } from "./write.ts";

/** The recovery key: its copy of the bundle, and what it is good for without the password. */
export function recoveryRoutes(
  context: AuthenticationContext,
  limits: AuthenticationLimits,
): readonly Route[] {
  return [
    ...copyRoutes(context, limits),
    ...proofRoutes(context, limits),
    ...resetRoutes(context, limits),
  ];
}

function copyRoutes(
  context: AuthenticationContext,
  limits: AuthenticationLimits,
): readonly Route[] {
  return [
    route({
      method: "GET",
      path: routes.recovery,
      access: "session",
      summary: "The copy of the own recovery bundle that the recovery key opens",
      answer: jsonAnswer(recoveryAnswerSchema),
      handle: async ({ session }) => {
        const owner = nameOf(session.user);
        const copy = await context.database.read((tx) => context.recovery.copy(tx, owner));
        if (copy === undefined) return { version: 0 };
        const { createdAt, sealedCopy, verificationKey, version } = copy;
        const current = {
          createdAt,
          sealedCopy: toBase64Url(sealedCopy),
          verificationKey: toBase64Url(verificationKey),
        };
        return { version, current };
      },
    }),
    route({
      method: "PUT",
      path: routes.recovery,
      access: "session",
      proved: true,
      summary: "A recovery key in the place of the one before, by a proof of password or key",
      body: jsonBody(recoveryWriteSchema),
      answer: jsonAnswer(recoveryVersionSchema),
      handle: async ({ body, session }) => {
        const version = await writeRecovery(context, session, {
          proofId: body.proofId,
          expectedVersion: body.expectedVersion,
          verificationKey: fromBase64Url(body.verificationKey),
          sealedCopy: fromBase64Url(body.sealedCopy),
        });
        limits.loginTries.succeeded(session.user);
        return { version };
      },
    }),
  ];
}

function proofRoutes(
  context: AuthenticationContext,
  limits: AuthenticationLimits,
): readonly Route[] {
  return [
    route({
      method: "POST",
      path: routes.recoveryStart,
      access: "open",
      summary: "Start a proof of the recovery key; who is not known here is answered alike",
      body: jsonBody(recoveryStartRequestSchema),
      answer: jsonAnswer(recoveryStartAnswerSchema),
      handle: ({ body, address }) => {
        limits.loginPerAddress.take(address);
        limits.loginPerUser.take(`${body.user} ${address}`);
        return startRecovery(context, body);
      },
    }),
    route({
      method: "POST",
      path: routes.recoveryProof,
      access: "open",
      summary: "Finish it, to change the client list: the copy of the bundle and the latest list",
      body: jsonBody(recoveryProofRequestSchema),
      answer: jsonAnswer(recoveryProofAnswerSchema),
      handle: async ({ body, address }) => {
        limits.lookupPerAddress.take(address);
        const proved = await proveRecovery(context, {
          challenge: body.challenge,
          client: body.client,
          signature: fromBase64Url(body.signature),
          code: body.code,
        });
        return {
          ...proved,
          sealedCopy: toBase64Url(proved.sealedCopy),
          clientList: toBase64Url(proved.clientList),
        };
      },
    }),
  ];
}

function resetRoutes(
  context: AuthenticationContext,
  limits: AuthenticationLimits,
): readonly Route[] {
  return [
    route({
      method: "POST",
      path: routes.passwordResetStart,
      access: "session",
      summary: "Start a new password by the recovery key: register it",
      body: jsonBody(passwordResetStartRequestSchema),
      answer: jsonAnswer(passwordResetStartAnswerSchema),
      handle: async ({ body, session, address }) => {
        limits.loginPerAddress.take(address);
        limits.loginPerUser.take(`${session.user} ${address}`);
        const request = fromBase64Url(body.registrationRequest);
        const started = await startReset(context, session, request);
        return { ...started, registrationResponse: toBase64Url(started.registrationResponse) };
      },
    }),
    route({
      method: "POST",
      path: routes.passwordResetFinish,
      access: "session",
      proved: true,
      summary: "Change password and recovery bundle together, signed by the recovery key",
      body: jsonBody(passwordResetFinishRequestSchema),
      answer: jsonAnswer(credentialFinishAnswerSchema),
      handle: async ({ body, session, address }) => {
        limits.lookupPerAddress.take(address);
        const recoveryBundleVersion = await finishReset(context, session, {
          changeId: body.changeId,
          registrationRecord: fromBase64Url(body.registrationRecord),
          recoveryBundle: fromBase64Url(body.recoveryBundle),
          signature: fromBase64Url(body.signature),
          code: body.code,
        });
        limits.loginTries.succeeded(session.user);
        return { recoveryBundleVersion };
      },
    }),
  ];
}
