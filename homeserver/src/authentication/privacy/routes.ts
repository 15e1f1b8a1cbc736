import { nameOf, privacyChangeSchema, privacySchema, routes } from "@treehouse/protocol";
import { jsonAnswer, jsonBody, route } from "../../platform/index.ts";
import type { Route } from "../../platform/index.ts";
import type { AuthenticationContext } from "../context.ts";
import type { AuthenticationLimits } from "../limits.ts";

/** Who may find a user, ask and add them. */
export function privacyRoutes(
  { database, privacy }: AuthenticationContext,
  limits: Pick<AuthenticationLimits, "accountDataPerUser">,
): readonly Route[] {
  return [
    route({
      method: "GET",
      path: routes.privacy,
      access: "session",
      summary: "Who may find the user, ask and add them",
      answer: jsonAnswer(privacySchema),
      handle: async ({ session }) => {
        limits.accountDataPerUser.take(session.user);
        return database.read((tx) => privacy.of(tx, nameOf(session.user)));
      },
    }),
    route({
      method: "PUT",
      path: routes.privacy,
      access: "session",
      summary: "Change who may; what is not named stays. Answers what holds then",
      body: jsonBody(privacyChangeSchema),
      answer: jsonAnswer(privacySchema),
      handle: async ({ body, session }) => {
        limits.accountDataPerUser.take(session.user);
        const owner = nameOf(session.user);
        return database.transaction(async (tx) => {
          const { findable, requests, adding } = await privacy.of(tx, owner);
          const chosen = {
            findable: body.findable ?? findable,
            requests: body.requests ?? requests,
            adding: body.adding ?? adding,
          };
          await privacy.put(tx, owner, chosen);
          return chosen;
        });
      },
    }),
  ];
}
