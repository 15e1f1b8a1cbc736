import {
  passkeyAssertionRequestSchema,
  passkeyRegistrationRequestSchema,
  passkeyStartAnswerSchema,
  proofAnswerSchema,
  provedFactorRequestSchema,
  recoveryCodesAnswerSchema,
  routes,
} from "@treehouse/protocol";
import type { Env } from "@treehouse/protocol";
import {
  createAddressLimiter,
  jsonAnswer,
  jsonBody,
  noAnswer,
  route,
} from "../../platform/index.ts";
import type { RateLimiter, Route } from "../../platform/index.ts";
import type { FactorContext } from "../context.ts";
import { proofsOf } from "../routes.ts";
import { finishAssertion, startAssertion } from "./prove.ts";
import { finishPasskey, startPasskey } from "./register.ts";
import { removePasskey } from "./remove.ts";

/** Passkeys (WebAuthn) as a second factor, beside the app or in its place. */
export function passkeyRoutes(
  context: FactorContext,
  env: Pick<Env, "monotonic">,
  limiter: RateLimiter,
): readonly Route[] {
  const perAddress = createAddressLimiter(env, { count: 60, perMs: 600_000 }, "passkeyPerAddress");
  return [
    route({
      method: "POST",
      path: routes.passkeyProofStart,
      access: "open",
      summary: "Ask for an answer of a passkey; no account is named",
      answer: jsonAnswer(passkeyStartAnswerSchema),
      handle: async ({ address }) => {
        perAddress.take(address);
        const { options, ...asked } = await startAssertion(context);
        return { ...asked, options: { ...options } };
      },
    }),
    route({
      method: "POST",
      path: routes.passkeyProofFinish,
      access: "open",
      summary: "Give the passkey's answer; answers a proof that holds once",
      body: jsonBody(passkeyAssertionRequestSchema),
      answer: jsonAnswer(proofAnswerSchema),
      handle: ({ address, body }) => {
        perAddress.take(address);
        return finishAssertion(context, body);
      },
    }),
    route({
      method: "POST",
      path: routes.passkeyStart,
      access: "session",
      proved: true,
      summary: "Ask for a new passkey of the user",
      answer: jsonAnswer(passkeyStartAnswerSchema),
      handle: async ({ session }) => {
        limiter.take(session.id);
        const { options, ...asked } = await startPasskey(context, session.user);
        return { ...asked, options: { ...options } };
      },
    }),
    route({
      method: "POST",
      path: routes.passkeys,
      access: "session",
      proved: true,
      summary: "Keep the new passkey: logins take it from then on; answers recovery codes, if new",
      body: jsonBody(passkeyRegistrationRequestSchema),
      answer: jsonAnswer(recoveryCodesAnswerSchema, 201),
      handle: async ({ body, session }) => ({
        recoveryCodes: [...(await finishPasskey(context, session.user, body))],
      }),
    }),
    route({
      method: "DELETE",
      path: routes.passkey,
      access: "session",
      proved: true,
      summary: "Forget a passkey: takes the password and a code, or a proof",
      body: jsonBody(provedFactorRequestSchema),
      answer: noAnswer,
      handle: ({ body, param, session }) =>
        removePasskey(context, session.user, param("id"), proofsOf(body)),
    }),
  ];
}
