import {
  clientAdditionAnswerSchema,
  clientAdditionRequestSchema,
  clientsAnswerSchema,
  clientsProofAnswerSchema,
  clientsProofRequestSchema,
  fromBase64Url,
  nameOf,
  Refusal,
  routes,
  toBase64Url,
} from "@treehouse/protocol";
import { jsonAnswer, jsonBody, route } from "../platform/index.ts";
import type { Route } from "../platform/index.ts";
import { addClient } from "./add-client.ts";
import type { AuthenticationContext } from "./context.ts";
import type { AuthenticationLimits } from "./limits.ts";
import { proveForClients } from "./prove-for-clients.ts";

/** The clients of a user: which there are, and how one is added. */
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
      method: "GET",
      path: routes.clients,
      access: "session",
      summary: "The own user's clients: the latest signed client list",
      answer: jsonAnswer(clientsAnswerSchema),
      handle: async ({ session }) => {
        const name = nameOf(session.user);
        const list = await context.database.read((tx) => context.store.clientList(tx, name));
        if (!list) throw new Refusal("notFound", "this account has no client list");
        return { clientList: toBase64Url(list) };
      },
    }),
  ];
}
