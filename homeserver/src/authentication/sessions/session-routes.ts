import {
  nameOf,
  Refusal,
  routes,
  sessionAnswerSchema,
  sessionsAnswerSchema,
  sessionsEndedAnswerSchema,
} from "@treehouse/protocol";
import { jsonAnswer, noAnswer, route } from "../../platform/index.ts";
import type { Route, Session } from "../../platform/index.ts";
import type { AuthenticationContext } from "../context.ts";
import type { AuthenticationLimits } from "../limits.ts";

/** Whose session this is, the user's others, and their end. */
export function sessionRoutes(
  context: AuthenticationContext,
  limits: AuthenticationLimits,
): readonly Route[] {
  return [
    route({
      method: "GET",
      path: routes.session,
      access: "session",
      summary: "Whose session this is",
      answer: jsonAnswer(sessionAnswerSchema),
      handle: ({ session: { user, client, admin, expiresAt } }) => ({
        user,
        client,
        admin,
        expiresAt,
      }),
    }),
    route({
      method: "DELETE",
      path: routes.session,
      access: "session",
      summary: "End this session",
      answer: noAnswer,
      handle: async ({ session }) => {
        await endSession(context, session, session.id);
      },
    }),
    route({
      method: "GET",
      path: routes.sessions,
      access: "session",
      summary: "List the user's own sessions, newest first",
      answer: jsonAnswer(sessionsAnswerSchema),
      handle: async ({ session }) => {
        limits.lookupPerSession.take(session.id);
        const sessions = await context.sessions.list(nameOf(session.user));
        return { sessions: sessions.map((each) => ({ ...each, current: each.id === session.id })) };
      },
    }),
    route({
      method: "DELETE",
      path: routes.sessions,
      access: "session",
      proved: true,
      summary: "End all of the user's sessions but this one",
      answer: jsonAnswer(sessionsEndedAnswerSchema),
      handle: async ({ session }) => {
        const { database, sessions } = context;
        const ended = await database.transaction(
          (tx) => sessions.endOthers(tx, nameOf(session.user), session.id),
          { frees: true },
        );
        return { ended };
      },
    }),
    route({
      method: "DELETE",
      path: routes.sessionOf,
      access: "session",
      proved: true,
      summary: "End one of the user's own sessions",
      answer: noAnswer,
      handle: async ({ param, session }) => {
        const ended = await endSession(context, session, param("id"));
        if (!ended) {
          throw new Refusal(
            "notFound",
            "you have no such session; list them to see which there are",
          );
        }
      },
    }),
  ];
}

/** Freed by a logout, space is never in the way of one. */
function endSession(
  { database, sessions }: AuthenticationContext,
  { user }: Session,
  id: string,
): Promise<boolean> {
  return database.transaction((tx) => sessions.end(tx, nameOf(user), id), { frees: true });
}
