import {
  contactAcceptSchema,
  contactActSchema,
  contactRequestSchema,
  contactsAnswerSchema,
  contactSchema,
  parseAddress,
  routes,
} from "@treehouse/protocol";
import type { Contact, UserUri } from "@treehouse/protocol";
import { jsonAnswer, jsonBody, route } from "../../platform/index.ts";
import type { Route } from "../../platform/index.ts";
import type { AuthenticationContext } from "../context.ts";
import type { AuthenticationLimits } from "../limits.ts";
import { acceptContact } from "./accept.ts";
import { blockContact, unblockContact } from "./block.ts";
import { declineContact } from "./decline.ts";
import type { ContactLimits } from "./limits.ts";
import { listContacts } from "./list.ts";
import { requestContact } from "./request.ts";
import { withdrawContact } from "./withdraw.ts";

/** The JSON operations on contacts. Each answers how the user sees the other one afterwards. */
export function contactRoutes(
  context: AuthenticationContext,
  limits: ContactLimits & Pick<AuthenticationLimits, "lookupPerSession">,
): readonly Route[] {
  return [
    route({
      method: "GET",
      path: routes.contacts,
      access: "session",
      summary: "Everybody with whom the user has something to do, blocked ones included",
      answer: jsonAnswer(contactsAnswerSchema),
      handle: async ({ session }) => {
        limits.lookupPerSession.take(session.id);
        return { contacts: await listContacts(context, session.user) };
      },
    }),
    route({
      method: "POST",
      path: routes.contactRequest,
      access: "session",
      summary: "Ask a user for leave to add them; for any room it gives the same leave back",
      body: jsonBody(contactRequestSchema),
      answer: jsonAnswer(contactSchema),
      handle: ({ body, param, session }) => {
        const user = parseAddress(param("address"));
        limits.contactRequestPerUser.take(session.user);
        limits.contactRequestPerPair.take(`${session.user} ${user}`);
        const { note = "", room } = body;
        return requestContact(context, session.user, { user, room, note });
      },
    }),
    route({
      method: "POST",
      path: routes.contactAccept,
      access: "session",
      summary: "Let in who asks, or with a room for that room alone",
      body: jsonBody(contactAcceptSchema),
      answer: jsonAnswer(contactSchema),
      handle: ({ body, param, session }) => {
        const user = parseAddress(param("address"));
        limits.contactChangePerUser.take(session.user);
        return acceptContact(context, session.user, { user, room: body.room });
      },
    }),
    ...actRoutes(context, limits),
  ];
}

function actRoutes(context: AuthenticationContext, limits: ContactLimits): readonly Route[] {
  type Act = (context: AuthenticationContext, actor: UserUri, user: UserUri) => Promise<Contact>;
  const post = (path: ActPath, summary: string, act: Act): Route =>
    route({
      method: "POST",
      path,
      access: "session",
      summary,
      body: jsonBody(contactActSchema),
      answer: jsonAnswer(contactSchema),
      handle: ({ param, session }) => {
        const user = parseAddress(param("address"));
        limits.contactChangePerUser.take(session.user);
        return act(context, session.user, user);
      },
    });
  return [
    post(routes.contactDecline, "Put a request aside; who asked is not told", declineContact),
    post(routes.contactBlock, "Shut a user out; nobody is told", blockContact),
    post(routes.contactUnblock, "End a block", unblockContact),
    route({
      method: "DELETE",
      path: routes.contact,
      access: "session",
      summary: "Take back own requests and every leave given; the other one is told",
      answer: jsonAnswer(contactSchema),
      handle: ({ param, session }) => {
        const user = parseAddress(param("address"));
        limits.contactChangePerUser.take(session.user);
        return withdrawContact(context, session.user, user);
      },
    }),
  ];
}

type ActPath =
  | typeof routes.contactDecline
  | typeof routes.contactBlock
  | typeof routes.contactUnblock;
