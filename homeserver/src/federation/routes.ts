import {
  type Bytes,
  eventsRequestCodec,
  eventsResponseCodec,
  forwardedRequestCodec,
  hubOfferCodec,
  hubOfferRequestCodec,
  leaveResponseCodec,
  parseRoomUri,
  parseUserUri,
  peerLeaveRequestCodec,
  peerRoutes,
  RATE_LIMITS,
  Refusal,
  type RoomUri,
  standingRequestCodec,
  standingResponseCodec,
  takeOverResponseCodec,
  treeRequestCodec,
} from "@treehouse/protocol";
import { createRateLimiter, route, type Route, tlsAnswer, tlsBody } from "../platform/index.ts";
import {
  callerOf,
  type EphemeralsAnswerer,
  type Receiver,
  type SubmissionsAnswerer,
  type UsersAnswerer,
} from "./incoming/index.ts";
import type { FederationContext } from "./context.ts";
import type { Caller } from "./ports.ts";

export interface RouteParts {
  readonly context: FederationContext;
  readonly receive: Receiver;
  readonly answerEphemerals: EphemeralsAnswerer;
  readonly answerSubmissions: SubmissionsAnswerer;
  readonly users: UsersAnswerer;
}

/** What other servers can ask of this one. */
export function federationRoutes(parts: RouteParts): readonly Route[] {
  return [...streamRoutes(parts), ...roomRoutes(parts.context), ...userRoutes(parts)];
}

function streamRoutes(parts: RouteParts): readonly Route[] {
  const { context, receive, answerEphemerals, answerSubmissions } = parts;
  const { env, hosted } = context;
  const pages = createRateLimiter(env, RATE_LIMITS.eventsPerPeer, "eventsPerPeer");
  return [
    route({
      method: "POST",
      path: peerRoutes.notify,
      access: "peer",
      summary: "Take a batch of the peer's stream",
      body: tlsBody("Batch", "notifyBodyBytesMax"),
      answer: tlsAnswer("BatchAnswer"),
      handle: ({ peer, body }) => receive(peer.domain, body),
    }),
    route({
      method: "POST",
      path: peerRoutes.submitMessage,
      access: "peer",
      summary: "Submit messages of the peer's clients",
      body: tlsBody("SubmissionBatch", "peerBodyBytesMax"),
      answer: tlsAnswer("SubmissionAnswers"),
      handle: ({ peer, body }) => answerSubmissions(peer.domain, body),
    }),
    route({
      method: "POST",
      path: peerRoutes.ephemeral,
      access: "peer",
      summary: "Pass ephemeral entries of the peer's rooms on to whoever is connected",
      body: tlsBody("EphemeralBatch", "peerBodyBytesMax"),
      answer: tlsAnswer("EphemeralAnswer"),
      handle: ({ peer, body }) => answerEphemerals(peer.domain, body),
    }),
    route({
      method: "POST",
      path: peerRoutes.events,
      access: "peer",
      summary: "What the peer missed of a room",
      body: tlsBody("EventsRequest", "peerBodyBytesMax"),
      answer: tlsAnswer("EventsResponse"),
      handle: async ({ param, peer, body }) => {
        const { flags, ...page } = eventsRequestCodec.decode(body);
        // Who was in a room then is found by reading all of its commits since.
        pages.take(peer.domain, flags.introduce ? 100 : 1);
        const room = parseRoomUri(param("roomId"));
        const answer = await hosted.events(peer.domain, room, { ...page, ...flags });
        return eventsResponseCodec.encode(answer);
      },
    }),
    route({
      method: "POST",
      path: peerRoutes.standing,
      access: "peer",
      summary: "Where this server stands in a room of the peer",
      body: tlsBody("StandingRequest", "peerBodyBytesMax"),
      answer: tlsAnswer("StandingResponse"),
      handle: async ({ param, peer, body }) => {
        standingRequestCodec.decode(body);
        const answer = await hosted.standing(peer.domain, parseRoomUri(param("roomId")));
        return standingResponseCodec.encode(answer);
      },
    }),
  ];
}

/** What a hub refuses leaves as problem details (FED-926). */
function roomRoutes({ hosted }: FederationContext): readonly Route[] {
  const forwarded = (
    endpoint: "update" | "groupInfo",
    summary: string,
    answer: string,
    run: (caller: Caller, room: RoomUri, request: Bytes) => Promise<Bytes>,
  ): Route =>
    route({
      method: "POST",
      path: peerRoutes[endpoint],
      access: "peer",
      summary,
      body: tlsBody("ForwardedRequest", "peerBodyBytesMax"),
      answer: tlsAnswer(answer),
      handle: ({ param, peer, body }) => {
        const { client, request } = forwardedRequestCodec.decode(body);
        const caller = callerOf(peer.domain, client);
        return run(caller, parseRoomUri(param("roomId")), request);
      },
    });
  return [
    forwarded("update", "A commit or proposals", "UpdateRoomResponse", (caller, room, request) =>
      hosted.update(caller, room, request),
    ),
    forwarded(
      "groupInfo",
      "The GroupInfo for a joiner",
      "GroupInfoResponse",
      (caller, room, request) => hosted.groupInfo(caller, room, request),
    ),
    route({
      method: "POST",
      path: peerRoutes.tree,
      access: "peer",
      summary: "The public tree of an epoch",
      body: tlsBody("TreeRequest", "peerBodyBytesMax"),
      answer: tlsAnswer("TreeResponse"),
      handle: ({ param, peer, body }) => {
        const { client, epoch } = treeRequestCodec.decode(body);
        const caller = callerOf(peer.domain, client);
        return hosted.tree(caller, parseRoomUri(param("roomId")), epoch);
      },
    }),
    route({
      method: "POST",
      path: peerRoutes.hubOffer,
      access: "peer",
      summary: "Ask this server to become the hub of a room that it follows",
      body: tlsBody("HubOfferRequest", "peerBodyBytesMax"),
      answer: tlsAnswer("HubOffer"),
      handle: async ({ param, peer, body }) => {
        const { client } = hubOfferRequestCodec.decode(body);
        const caller = callerOf(peer.domain, client);
        const offer = await hosted.offerHub(caller, parseRoomUri(param("roomId")));
        return hubOfferCodec.encode(offer);
      },
    }),
    route({
      method: "POST",
      path: peerRoutes.takeOver,
      access: "peer",
      summary: "What this server is to take over with a room's next commit",
      body: tlsBody("TakeOverRequest", "takeOverBodyBytesMax"),
      answer: tlsAnswer("TakeOverResponse"),
      handle: async ({ param, peer, body }) => {
        await hosted.takeOver(peer.domain, parseRoomUri(param("roomId")), body);
        return takeOverResponseCodec.encode({});
      },
    }),
    route({
      method: "POST",
      path: peerRoutes.leave,
      access: "peer",
      summary: "Have all clients of a user removed from a room, or one that was not seen for long",
      body: tlsBody("LeaveRequest", "peerBodyBytesMax"),
      answer: tlsAnswer("LeaveResponse"),
      handle: async ({ param, peer, body }) => {
        const { client, leaver } = peerLeaveRequestCodec.decode(body);
        const caller = callerOf(peer.domain, client);
        const leaves = await hosted.leave(caller, parseRoomUri(param("roomId")), leaver);
        return leaveResponseCodec.encode({ leaves });
      },
    }),
  ];
}

function userRoutes({ context, users }: RouteParts): readonly Route[] {
  return [
    route({
      method: "POST",
      path: peerRoutes.keyMaterial,
      access: "peer",
      summary: "Claim one KeyPackage of each client of a user",
      body: tlsBody("KeyMaterialRequest", "peerBodyBytesMax"),
      answer: tlsAnswer("KeyMaterialResponse"),
      handle: ({ param, peer, body }) =>
        users.keyMaterial(peer, parseUserUri(param("targetUser")), body),
    }),
    route({
      method: "POST",
      path: peerRoutes.identifierQuery,
      access: "peer",
      summary: "The client list of a user",
      body: tlsBody("IdentifierRequest", "peerBodyBytesMax"),
      answer: tlsAnswer("IdentifierResponse"),
      handle: ({ param, peer, body }) => {
        if (param("domain") !== context.domain) {
          throw new Refusal("misdirected", "This server has another name.");
        }
        return users.identifierQuery(peer.domain, body);
      },
    }),
  ];
}
