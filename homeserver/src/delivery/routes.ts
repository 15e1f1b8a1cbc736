import {
  frozenRoomsAnswerSchema,
  hubOfferAnswerSchema,
  hubOfferRequestSchema,
  leaveAnswerSchema,
  leaveRequestSchema,
  parseDomain,
  parseRoomUri,
  reserveRoomAnswerSchema,
  reserveRoomRequestSchema,
  roomsAnswerSchema,
  routes,
  toBase64Url,
  treeQuerySchema,
} from "@treehouse/protocol";
import type { Domain, RoomUri } from "@treehouse/protocol";
import { jsonAnswer, jsonBody, noAnswer, route, tlsAnswer, tlsBody } from "../platform/index.ts";
import type { Route } from "../platform/index.ts";
import type { Operations } from "./operations.ts";

/** The part of the client API that this module answers. */
export function deliveryRoutes(delivery: Operations): readonly Route[] {
  return [...foundingRoutes(delivery), ...messageRoutes(delivery), ...readingRoutes(delivery)];
}

/** What administrators see and decide of rooms whose hub contradicted itself. */
export function frozenRoutes(rooms: {
  frozen(hub: Domain): Promise<readonly { readonly room: RoomUri; readonly position: number }[]>;
  thaw(room: RoomUri): Promise<void>;
}): readonly Route[] {
  return [
    route({
      method: "GET",
      path: routes.federationFrozen,
      access: "admin",
      summary: "Rooms of another server that were stopped because it contradicted itself",
      answer: jsonAnswer(frozenRoomsAnswerSchema),
      handle: async ({ param }) => ({
        rooms: [...(await rooms.frozen(parseDomain(param("domain"))))],
      }),
    }),
    route({
      method: "POST",
      path: routes.federationThaw,
      access: "admin",
      summary: "Let a stopped room go on from what its hub says now",
      answer: noAnswer,
      handle: ({ param }) => rooms.thaw(parseRoomUri(param("room"))),
    }),
  ];
}

function foundingRoutes(delivery: Operations): readonly Route[] {
  return [
    route({
      method: "POST",
      path: routes.rooms,
      access: "session",
      summary: "Reserve a room: its name, its group's name and its hub's key",
      body: jsonBody(reserveRoomRequestSchema),
      answer: jsonAnswer(reserveRoomAnswerSchema, 201),
      handle: async ({ session, body }) => {
        const reserved = await delivery.reserve(session, body.template);
        return { ...reserved, hubKey: toBase64Url(reserved.hubKey) };
      },
    }),
    route({
      method: "POST",
      path: routes.found,
      access: "session",
      summary: "Found a reserved room with its group at epoch 0",
      body: tlsBody("FoundRoomRequest"),
      answer: tlsAnswer("FoundRoomResponse"),
      handle: ({ param, session, body }) =>
        delivery.found(session, parseRoomUri(param("room")), body),
    }),
  ];
}

function messageRoutes(delivery: Operations): readonly Route[] {
  return [
    route({
      method: "POST",
      path: routes.update,
      access: "session",
      summary: "Submit a commit with its Welcome and GroupInfo, or proposals",
      body: tlsBody("UpdateRequest"),
      answer: tlsAnswer("UpdateRoomResponse"),
      handle: ({ param, session, body }) =>
        delivery.update(session, parseRoomUri(param("room")), body),
    }),
    route({
      method: "POST",
      path: routes.messages,
      access: "session",
      summary: "Submit an application message",
      body: tlsBody("SubmitMessageRequest"),
      answer: tlsAnswer("SubmitMessageResponse"),
      handle: ({ param, session, body }) =>
        delivery.submit(session, parseRoomUri(param("room")), body),
    }),
    route({
      method: "POST",
      path: routes.hubOffers,
      access: "session",
      summary: "Ask a server to become the hub of a room",
      body: jsonBody(hubOfferRequestSchema),
      answer: jsonAnswer(hubOfferAnswerSchema),
      handle: async ({ param, session, body }) => {
        const room = parseRoomUri(param("room"));
        const { consent, hubKey, ...named } = await delivery.hubOffer(session, room, body.hub);
        const { notAfter, signature } = consent;
        const octets = { hubKey: toBase64Url(hubKey), signature: toBase64Url(signature) };
        return { ...named, ...octets, notAfter };
      },
    }),
    route({
      method: "POST",
      path: routes.leave,
      access: "session",
      summary: "Have all own clients removed from a room",
      body: jsonBody(leaveRequestSchema),
      answer: jsonAnswer(leaveAnswerSchema),
      handle: async ({ param, session }) => ({
        leaves: [...(await delivery.leave(session, parseRoomUri(param("room"))))],
      }),
    }),
  ];
}

function readingRoutes(delivery: Operations): readonly Route[] {
  return [
    route({
      method: "GET",
      path: routes.rooms,
      access: "session",
      summary:
        "The rooms that the own user is in: all that are hosted here, others as far as a client of the user reads them",
      answer: jsonAnswer(roomsAnswerSchema),
      handle: async ({ session }) => ({ rooms: [...(await delivery.rooms(session))] }),
    }),
    route({
      method: "GET",
      path: routes.tree,
      access: "session",
      summary: "The public tree of an epoch",
      query: treeQuerySchema,
      answer: tlsAnswer("TreeResponse"),
      handle: ({ param, session, query }) =>
        delivery.tree(session, parseRoomUri(param("room")), query.epoch),
    }),
    route({
      method: "POST",
      path: routes.groupInfo,
      access: "session",
      summary: "The GroupInfo for an external commit, sealed to the asking client",
      body: tlsBody("GroupInfoRequest"),
      answer: tlsAnswer("GroupInfoResponse"),
      handle: ({ param, session, body }) =>
        delivery.groupInfo(session, parseRoomUri(param("room")), body),
    }),
  ];
}
