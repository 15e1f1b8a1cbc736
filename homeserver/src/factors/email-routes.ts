import {
  emailAnswerSchema,
  emailConfirmRequestSchema,
  emailRequestSchema,
  nameOf,
  routes,
} from "@treehouse/protocol";
import type { Env } from "@treehouse/protocol";
import {
  createAddressLimiter,
  createRateLimiter,
  jsonAnswer,
  jsonBody,
  noAnswer,
  route,
} from "../platform/index.ts";
import type { RateLimiter, Route } from "../platform/index.ts";
import type { FactorContext } from "./context.ts";
import { confirmEmail, readEmail, startEmail } from "./email.ts";

const HOUR = 3_600_000;

/** Mails by account, by network address and by the address that gets them: nobody is flooded. */
export function createEmailLimits(env: Pick<Env, "monotonic">) {
  const three = { count: 3, perMs: HOUR };
  return {
    perUser: createRateLimiter(env, three, "emailPerUser"),
    perNetwork: createAddressLimiter(env, { count: 20, perMs: HOUR }, "emailPerNetwork"),
    perMailbox: createRateLimiter(env, three, "emailPerMailbox"),
  };
}

/** The account's e-mail address; each change takes the signature of the client's key. */
export function emailRoutes(
  context: FactorContext,
  limiter: RateLimiter,
  limits: ReturnType<typeof createEmailLimits>,
): readonly Route[] {
  return [
    route({
      method: "GET",
      path: routes.email,
      access: "session",
      summary: "The account's e-mail address, and one that waits for its code",
      answer: jsonAnswer(emailAnswerSchema),
      handle: ({ session }) => {
        limiter.take(session.id);
        return readEmail(context, session.user);
      },
    }),
    route({
      method: "POST",
      path: routes.email,
      access: "session",
      proved: true,
      summary: "Name an e-mail address; a code is mailed to it",
      body: jsonBody(emailRequestSchema),
      answer: noAnswer,
      handle: async ({ address, body, session }) => {
        limits.perUser.take(session.user);
        limits.perNetwork.take(address);
        limits.perMailbox.take(body.address.toLowerCase());
        await startEmail(context, session.user, body.address);
      },
    }),
    route({
      method: "POST",
      path: routes.emailConfirm,
      access: "session",
      proved: true,
      summary: "Show with the code that the address is one's own",
      body: jsonBody(emailConfirmRequestSchema),
      answer: noAnswer,
      handle: async ({ body, session }) => confirmEmail(context, session.user, body.code),
    }),
    route({
      method: "DELETE",
      path: routes.email,
      access: "session",
      proved: true,
      summary: "Forget the account's e-mail address",
      answer: noAnswer,
      handle: async ({ session }) => {
        const { database, store } = context;
        await database.transaction((tx) => store.deleteEmails(tx, nameOf(session.user)), {
          frees: true,
        });
      },
    }),
  ];
}
