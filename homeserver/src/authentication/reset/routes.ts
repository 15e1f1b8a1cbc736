import {
  fromBase64Url,
  registrationFinishAnswerSchema,
  resetAnswerSchema,
  resetFinishRequestSchema,
  resetRequestSchema,
  resetStartAnswerSchema,
  resetStartRequestSchema,
  routes,
  toBase64Url,
} from "@treehouse/protocol";
import { jsonAnswer, jsonBody, noAnswer, route } from "../../platform/index.ts";
import type { Route } from "../../platform/index.ts";
import type { AuthenticationContext } from "../context.ts";
import type { AuthenticationLimits } from "../limits.ts";
import { cancelReset, readReset } from "./cancel.ts";
import { finishReset } from "./finish.ts";
import { requestReset } from "./request.ts";
import { startReset } from "./start.ts";

/** A forgotten password: the account comes back by e-mail, without keys. */
export function resetRoutes(
  context: AuthenticationContext,
  limits: AuthenticationLimits,
): readonly Route[] {
  return [
    route({
      method: "POST",
      path: routes.resetRequest,
      access: "open",
      summary: "Have a token mailed to the confirmed address of an account; always answered alike",
      body: jsonBody(resetRequestSchema),
      answer: noAnswer,
      handle: ({ address, body }) => {
        limits.resetPerAddress.take(address);
        limits.resetPerUser.take(body.user);
        requestReset(context, body);
      },
    }),
    route({
      method: "POST",
      path: routes.resetStart,
      access: "open",
      summary: "Show the token: the first half of OPAQUE for a new password, or a wait",
      body: jsonBody(resetStartRequestSchema),
      answer: jsonAnswer(resetStartAnswerSchema),
      handle: async ({ address, body }) => {
        limits.loginPerAddress.take(address);
        const started = await startReset(context, {
          token: body.token,
          registrationRequest: fromBase64Url(body.registrationRequest),
        });
        return { ...started, registrationResponse: toBase64Url(started.registrationResponse) };
      },
    }),
    route({
      method: "POST",
      path: routes.resetFinish,
      access: "open",
      summary: "Begin the account again with a new identity, its first client and a session",
      body: jsonBody(resetFinishRequestSchema),
      answer: jsonAnswer(registrationFinishAnswerSchema, 201),
      handle: async ({ address, body }) => {
        limits.loginPerAddress.take(address);
        const enrolled = await finishReset(context, {
          resetId: body.resetId,
          code: body.code,
          registrationRecord: fromBase64Url(body.registrationRecord),
          recoveryBundle: fromBase64Url(body.recoveryBundle),
          certificate: fromBase64Url(body.certificate),
          clientList: fromBase64Url(body.clientList),
          attestation: fromBase64Url(body.attestation),
          clientName: body.clientName,
        });
        return {
          ...enrolled,
          clientList: toBase64Url(enrolled.clientList),
          attestationCountersignature: toBase64Url(enrolled.attestationCountersignature),
        };
      },
    }),
    ...ownResetRoutes(context, limits),
  ];
}

function ownResetRoutes(
  context: AuthenticationContext,
  limits: AuthenticationLimits,
): readonly Route[] {
  return [
    route({
      method: "GET",
      path: routes.reset,
      access: "session",
      summary: "Whether somebody resets the own account, and until when it can be stopped",
      answer: jsonAnswer(resetAnswerSchema),
      handle: async ({ session }) => {
        limits.lookupPerSession.take(session.id);
        const waitsUntil = await readReset(context, session.user);
        return waitsUntil === undefined ? {} : { waitsUntil };
      },
    }),
    route({
      method: "DELETE",
      path: routes.reset,
      access: "session",
      proved: true,
      summary: "Stop a reset of the own account",
      answer: noAnswer,
      handle: ({ session }) => cancelReset(context, session.user),
    }),
  ];
}
