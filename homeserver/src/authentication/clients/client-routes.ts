import {
  clientAdditionAnswerSchema,
  clientAdditionRequestSchema,
  clientRevocationRequestSchema,
  clientApprovalAnswerSchema,
  clientApprovalRequestSchema,
  clientsAnswerSchema,
  clientsProofAnswerSchema,
  clientsProofRequestSchema,
  fromBase64Url,
  nameOf,
  Refusal,
  routes,
  toBase64Url,
} from "@treehouse/protocol";
import { jsonAnswer, jsonBody, route } from "../../platform/index.ts";
import type { Route } from "../../platform/index.ts";
import { addClient } from "./add-client.ts";
import { approveClient } from "./approve-client.ts";
import type { AuthenticationContext } from "../context.ts";
import type { AuthenticationLimits } from "../limits.ts";
import { proveForClients } from "./prove-for-clients.ts";
import { revokeClient } from "./revoke-client.ts";

/** The clients of a user: which there are, and how one is added and revoked. */
export function clientRoutes(
  context: AuthenticationContext,
  limits: AuthenticationLimits,
): readonly Route[] {
  return [
    route({
      method: "POST",
      path: routes.clientsProof,
      access: "open",
      summary: "Finish a login to change the client list: the recovery bundle and the latest list",
      body: jsonBody(clientsProofRequestSchema),
      answer: jsonAnswer(clientsProofAnswerSchema),
      handle: async ({ body, address }) => {
        limits.lookupPerAddress.take(address);
        const proved = await proveForClients(context, {
          loginId: body.loginId,
          client: body.client,
          finishLoginRequest: fromBase64Url(body.finishLoginRequest),
          code: body.code,
        });
        return {
          ...proved,
          recoveryBundle: toBase64Url(proved.recoveryBundle),
          clientList: toBase64Url(proved.clientList),
        };
      },
    }),
    route({
      method: "POST",
      path: routes.clientApprovals,
      access: "session",
      proved: true,
      summary: "Let a new client of the own user bring the list that names it",
      body: jsonBody(clientApprovalRequestSchema),
      answer: jsonAnswer(clientApprovalAnswerSchema),
      handle: ({ body, session }) => approveClient(context, session, body.client),
    }),
    route({
      method: "POST",
      path: routes.clients,
      access: "open",
      summary: "Add the client of a proof: the next signed client list, and a session",
      body: jsonBody(clientAdditionRequestSchema),
      answer: jsonAnswer(clientAdditionAnswerSchema, 201),
      handle: async ({ body, address }) => {
        limits.lookupPerAddress.take(address);
        const added = await addClient(context, {
          proofId: body.proofId,
          clientList: fromBase64Url(body.clientList),
          attestation: fromBase64Url(body.attestation),
          proof: fromBase64Url(body.proof),
          clientName: body.clientName,
        });
        return {
          session: added.session,
          clientList: toBase64Url(added.clientList),
          leafIdentity: toBase64Url(added.leafIdentity),
        };
      },
    }),
    route({
      method: "POST",
      path: routes.clientRevocations,
      access: "open",
      summary: "Revoke a client: the next list without it, under the next device-signing key",
      body: jsonBody(clientRevocationRequestSchema),
      answer: jsonAnswer(clientsAnswerSchema),
      handle: async ({ body, address }) => {
        limits.lookupPerAddress.take(address);
        const revoked = await revokeClient(context, {
          proofId: body.proofId,
          client: body.client,
          clientList: fromBase64Url(body.clientList),
          attestations: body.attestations.map(fromBase64Url),
          proof: fromBase64Url(body.proof),
        });
        return {
          clientList: toBase64Url(revoked.clientList),
          leafIdentity: toBase64Url(revoked.leafIdentity),
        };
      },
    }),
    route({
      method: "GET",
      path: routes.clients,
      access: "session",
      summary: "The own user's clients: the latest signed list, and this client's leaf identity",
      answer: jsonAnswer(clientsAnswerSchema),
      handle: async ({ session }) => {
        const { database, store } = context;
        const { list, own } = await database.read(async (tx) => ({
          list: await store.clientList(tx, nameOf(session.user)),
          own: await store.client(tx, session.client),
        }));
        if (!list || !own) throw new Refusal("notFound", "this account has no client list");
        return { clientList: toBase64Url(list), leafIdentity: toBase64Url(own.leafIdentity) };
      },
    }),
  ];
}
