import {
  proofAnswerSchema,
  externalFinishRequestSchema,
  externalLinkRequestSchema,
  externalStartAnswerSchema,
  externalStartRequestSchema,
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
import type { Route } from "../../platform/index.ts";
import type { FactorContext } from "../context.ts";
import { proofsOf } from "../routes.ts";
import { linkExternal, unlinkExternal } from "./link.ts";
import { finishExternal, startExternal } from "./log-in.ts";

/** Logins at the operator's provider, and the link of an account with one there. */
export function externalRoutes(
  context: FactorContext,
  env: Pick<Env, "monotonic">,
): readonly Route[] {
  const perAddress = createAddressLimiter(env, { count: 60, perMs: 600_000 }, "externalPerAddress");
  return [
    route({
      method: "POST",
      path: routes.externalStart,
      access: "open",
      summary: "Begin a login at the operator's provider (OpenID Connect, code with PKCE)",
      body: jsonBody(externalStartRequestSchema),
      answer: jsonAnswer(externalStartAnswerSchema),
      handle: ({ address, body }) => {
        perAddress.take(address);
        return startExternal(context, body.redirectUri);
      },
    }),
    route({
      method: "POST",
      path: routes.externalFinish,
      access: "open",
      summary: "Give what the provider sent the browser back with; answers a proof that holds once",
      body: jsonBody(externalFinishRequestSchema),
      answer: jsonAnswer(proofAnswerSchema),
      handle: ({ address, body }) => {
        perAddress.take(address);
        return finishExternal(context, body);
      },
    }),
    route({
      method: "POST",
      path: routes.externalLink,
      access: "session",
      proved: true,
      summary: "Link the account with one at the provider: logins take a proof of it from then on",
      body: jsonBody(externalLinkRequestSchema),
      answer: jsonAnswer(recoveryCodesAnswerSchema),
      handle: async ({ body, session }) => ({
        recoveryCodes: [...(await linkExternal(context, session.user, body.proof))],
      }),
    }),
    route({
      method: "DELETE",
      path: routes.externalLink,
      access: "session",
      proved: true,
      summary: "End the link with the provider: takes the password and a code, or a proof",
      body: jsonBody(provedFactorRequestSchema),
      answer: noAnswer,
      handle: ({ body, session }) => unlinkExternal(context, session.user, proofsOf(body)),
    }),
  ];
}
