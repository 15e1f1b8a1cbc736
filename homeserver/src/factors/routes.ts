import {
  factorsAnswerSchema,
  fromBase64Url,
  nameOf,
  passwordProofAnswerSchema,
  passwordProofRequestSchema,
  provedFactorRequestSchema,
  recoveryCodesAnswerSchema,
  routes,
  toBase64Url,
  totpConfirmRequestSchema,
  totpStartAnswerSchema,
} from "@treehouse/protocol";
import type { ProvedFactorRequest } from "@treehouse/protocol";
import { createRateLimiter, jsonAnswer, jsonBody, noAnswer, route } from "../platform/index.ts";
import type { RateLimiter, Route } from "../platform/index.ts";
import { disableTotp, renewRecoveryCodes } from "./change-totp.ts";
import type { BothProofs } from "./change-totp.ts";
import type { FactorContext } from "./context.ts";
import { confirmTotp, startTotp } from "./set-up-totp.ts";

/** Changes of an account's second factor; all but looking take the signature of the client's key. */
export function factorRoutes(context: FactorContext, limiter: RateLimiter): readonly Route[] {
  return [
    route({
      method: "GET",
      path: routes.factors,
      access: "session",
      summary: "Which second factors the account has, and how many recovery codes are left",
      answer: jsonAnswer(factorsAnswerSchema),
      handle: async ({ session }) => {
        limiter.take(session.id);
        const { database, sealing, store } = context;
        const name = nameOf(session.user);
        return database.read(async (tx) => ({
          totp: (await store.totp(tx, name))?.confirmedAt !== undefined,
          external: (await store.externalLogin(tx, name)) !== undefined,
          passkeys: (await store.passkeysOf(tx, name)).map(({ id, label, createdAt, usedAt }) => ({
            id,
            label,
            createdAt,
            ...(usedAt === undefined ? {} : { usedAt }),
          })),
          recoveryCodes: await store.countRecoveryCodes(tx, name),
          available: sealing !== undefined,
        }));
      },
    }),
    route({
      method: "POST",
      path: routes.totp,
      access: "session",
      proved: true,
      summary: "Make a secret for an authenticator app; nothing is asked for until it is confirmed",
      answer: jsonAnswer(totpStartAnswerSchema, 201),
      handle: ({ session }) => {
        limiter.take(session.id);
        return startTotp(context, session.user);
      },
    }),
    route({
      method: "POST",
      path: routes.totpConfirm,
      access: "session",
      proved: true,
      summary: "Turn the second factor on with a first code; answers the recovery codes, this once",
      body: jsonBody(totpConfirmRequestSchema),
      answer: jsonAnswer(recoveryCodesAnswerSchema),
      handle: async ({ body, session }) => ({
        recoveryCodes: [...(await confirmTotp(context, session.user, body.code))],
      }),
    }),
    ...provedRoutes(context, limiter),
  ];
}

function provedRoutes(context: FactorContext, limiter: RateLimiter): readonly Route[] {
  return [
    route({
      method: "POST",
      path: routes.passwordProof,
      access: "session",
      summary: "Start a proof of the password, for a change that takes one",
      body: jsonBody(passwordProofRequestSchema),
      answer: jsonAnswer(passwordProofAnswerSchema),
      handle: async ({ body, session, address }) => {
        limiter.take(session.id);
        const request = fromBase64Url(body.startLoginRequest);
        const asker = { user: session.user, address };
        const started = await context.passwords.startPasswordProof(asker, request);
        return { ...started, loginResponse: toBase64Url(started.loginResponse) };
      },
    }),
    route({
      method: "DELETE",
      path: routes.totp,
      access: "session",
      proved: true,
      summary: "Turn the second factor off: takes the password and a code",
      body: jsonBody(provedFactorRequestSchema),
      answer: noAnswer,
      handle: ({ body, session }) => disableTotp(context, session.user, proofsOf(body)),
    }),
    route({
      method: "POST",
      path: routes.recoveryCodes,
      access: "session",
      proved: true,
      summary: "New recovery codes in place of the old: takes the password and a code",
      body: jsonBody(provedFactorRequestSchema),
      answer: jsonAnswer(recoveryCodesAnswerSchema),
      handle: async ({ body, session }) => ({
        recoveryCodes: [...(await renewRecoveryCodes(context, session.user, proofsOf(body)))],
      }),
    }),
  ];
}

export function proofsOf({ proofId, finishLoginRequest, code }: ProvedFactorRequest): BothProofs {
  const password = { proofId, finishLoginRequest: fromBase64Url(finishLoginRequest) };
  return { password, code };
}

/** Looks at, and changes of, second factors, by session. */
export function createFactorLimiter(env: Parameters<typeof createRateLimiter>[0]): RateLimiter {
  return createRateLimiter(env, { count: 30, perMs: 60_000 }, "factorPerSession");
}
