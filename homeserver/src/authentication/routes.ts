import {
  clientListsAnswerSchema,
  clientListsQuerySchema,
  formatAddress,
  fromBase64Url,
  type InviteAnswer,
  inviteAnswerSchema,
  inviteRequestSchema,
  invitesAnswerSchema,
  loginFactorRequestSchema,
  type LoginFinishAnswer,
  loginFinishAnswerSchema,
  loginFinishRequestSchema,
  loginStartAnswerSchema,
  loginStartRequestSchema,
  registrationFinishAnswerSchema,
  registrationFinishRequestSchema,
  registrationStartAnswerSchema,
  registrationStartRequestSchema,
  routes,
  toBase64Url,
  userAnswerSchema,
  userQuerySchema,
} from "@treehouse/protocol";
import { jsonAnswer, jsonBody, noAnswer, route, type Route } from "../platform/index.ts";
import { accountDataRoutes } from "./account-data/index.ts";
import { type ContactLimits, contactRoutes } from "./contacts/index.ts";
import { clientRoutes } from "./clients/index.ts";
import type { AuthenticationContext } from "./context.ts";
import { type FinishedLogin, finishFactor, finishLogin, startLogin } from "./login/index.ts";
import {
  credentialRoutes,
  findLists,
  findUser,
  finishRegistration,
  type Invite,
  startRegistration,
} from "./accounts/index.ts";
import type { AuthenticationLimits } from "./limits.ts";
import { privacyRoutes } from "./privacy/index.ts";
import { recoveryRoutes } from "./recovery/index.ts";
import { resetRoutes } from "./reset/index.ts";
import { sessionRoutes } from "./sessions/index.ts";

/** The JSON operations of accounts, sessions, users, contacts and invites. */
export function authenticationRoutes(
  context: AuthenticationContext,
  limits: AuthenticationLimits & ContactLimits,
): readonly Route[] {
  return [
    ...registrationRoutes(context, limits),
    ...loginRoutes(context, limits),
    ...sessionRoutes(context, limits),
    ...clientRoutes(context, limits),
    ...credentialRoutes(context, limits),
    ...recoveryRoutes(context, limits),
    ...resetRoutes(context, limits),
    findUserRoute(context, limits),
    findListsRoute(context, limits),
    ...contactRoutes(context, limits),
    ...accountDataRoutes(context, limits),
    ...privacyRoutes(context, limits),
    ...inviteRoutes(context),
  ];
}

function registrationRoutes(
  context: AuthenticationContext,
  limits: AuthenticationLimits,
): readonly Route[] {
  return [
    route({
      method: "POST",
      path: routes.registrationStart,
      access: "open",
      summary: "Start a registration: the first half of OPAQUE (RFC 9807)",
      body: jsonBody(registrationStartRequestSchema),
      answer: jsonAnswer(registrationStartAnswerSchema),
      handle: async ({ body, address }) => {
        limits.registrationPerAddress.take(address);
        const started = await startRegistration(context, {
          name: body.name,
          registrationRequest: fromBase64Url(body.registrationRequest),
        });
        return { ...started, registrationResponse: toBase64Url(started.registrationResponse) };
      },
    }),
    route({
      method: "POST",
      path: routes.registrationFinish,
      access: "open",
      summary: "Create the account with its identity, its first client and a session",
      body: jsonBody(registrationFinishRequestSchema),
      answer: jsonAnswer(registrationFinishAnswerSchema, 201),
      handle: async ({ body, address }) => {
        limits.lookupPerAddress.take(address);
        const enrolled = await finishRegistration(context, {
          registrationId: body.registrationId,
          invite: body.invite,
          externalProof: body.externalProof,
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
  ];
}

function loginRoutes(
  context: AuthenticationContext,
  limits: AuthenticationLimits,
): readonly Route[] {
  return [
    route({
      method: "POST",
      path: routes.loginStart,
      access: "open",
      summary: "Start a login; who is not known here is answered alike",
      body: jsonBody(loginStartRequestSchema),
      answer: jsonAnswer(loginStartAnswerSchema),
      handle: async ({ body, address }) => {
        limits.loginPerAddress.take(address);
        limits.loginPerUser.take(`${body.user} ${address}`);
        limits.loginTries.take(body.user, address);
        const { loginId, loginResponse } = await startLogin(context, {
          user: body.user,
          client: body.client,
          startLoginRequest: fromBase64Url(body.startLoginRequest),
        });
        return { loginId, loginResponse: toBase64Url(loginResponse) };
      },
    }),
    route({
      method: "POST",
      path: routes.loginFinish,
      access: "open",
      summary: "Finish a login: a session for the client that proves its key",
      body: jsonBody(loginFinishRequestSchema),
      answer: jsonAnswer(loginFinishAnswerSchema),
      handle: async ({ body, address }) => {
        limits.lookupPerAddress.take(address);
        const finished = await finishLogin(context, {
          loginId: body.loginId,
          client: body.client,
          finishLoginRequest: fromBase64Url(body.finishLoginRequest),
          proof: fromBase64Url(body.proof),
          clientName: body.clientName,
        });
        return loginAnswer(finished);
      },
    }),
    route({
      method: "POST",
      path: routes.loginFactor,
      access: "open",
      summary: "Go on with a login that was asked for its second factor",
      body: jsonBody(loginFactorRequestSchema),
      answer: jsonAnswer(loginFinishAnswerSchema),
      handle: async ({ body, address }) => {
        limits.loginPerAddress.take(address);
        return loginAnswer(await finishFactor(context, body));
      },
    }),
  ];
}

function loginAnswer({ recoveryBundle, leafIdentity, ...rest }: FinishedLogin): LoginFinishAnswer {
  return {
    ...rest,
    recoveryBundle: toBase64Url(recoveryBundle),
    leafIdentity: toBase64Url(leafIdentity),
  };
}

function findUserRoute(context: AuthenticationContext, limits: AuthenticationLimits): Route {
  return route({
    method: "GET",
    path: routes.user,
    access: "session",
    summary: "Find a user of any server by the full address: the countersigned client list",
    query: userQuerySchema,
    answer: jsonAnswer(userAnswerSchema),
    handle: async ({ param, query, session, address }) => {
      const wanted = param("address");
      // Whoever looks at itself, as each client does when it connects, learns of nobody else.
      if (wanted !== formatAddress(session.user)) {
        limits.lookupPerAddress.take(address);
        limits.lookupPerSession.take(session.id);
      }
      const { user, clientList, countersigners } = await findUser(context, session.user, wanted, {
        fresh: query.fresh !== undefined,
      });
      return {
        user,
        clientList: toBase64Url(clientList),
        countersigners: countersigners.map(({ kid, key }) => ({ kid, key: toBase64Url(key) })),
      };
    },
  });
}

function findListsRoute(context: AuthenticationContext, limits: AuthenticationLimits): Route {
  return route({
    method: "GET",
    path: routes.clientLists,
    access: "session",
    summary: "The client lists of a user of any server behind a version that was seen before",
    query: clientListsQuerySchema,
    answer: jsonAnswer(clientListsAnswerSchema),
    handle: async ({ param, query, session, address }) => {
      limits.lookupPerAddress.take(address);
      limits.lookupPerSession.take(session.id);
      const lists = await findLists(context, session.user, param("address"), query.after);
      return { clientLists: lists.map((list) => toBase64Url(list)) };
    },
  });
}

function inviteRoutes({ invites }: AuthenticationContext): readonly Route[] {
  return [
    route({
      method: "POST",
      path: routes.invites,
      access: "admin",
      summary: "Create an invite; its token is told this once",
      body: jsonBody(inviteRequestSchema),
      answer: jsonAnswer(inviteAnswerSchema, 201),
      handle: async ({ body }) => {
        const created = await invites.create({ uses: body.uses, expiresAt: body.expiresAt });
        return { ...answerOf(created), token: created.token };
      },
    }),
    route({
      method: "GET",
      path: routes.invites,
      access: "admin",
      summary: "List the open invites, newest first",
      answer: jsonAnswer(invitesAnswerSchema),
      handle: async () => ({ invites: (await invites.list()).map(answerOf) }),
    }),
    route({
      method: "DELETE",
      path: routes.invite,
      access: "admin",
      summary: "Revoke an invite",
      answer: noAnswer,
      handle: ({ param }) => invites.revoke(param("id")),
    }),
  ];
}

function answerOf({ id, usesLeft, expiresAt }: Invite): InviteAnswer {
  return { id, uses: usesLeft, ...(expiresAt === undefined ? {} : { expiresAt }) };
}
