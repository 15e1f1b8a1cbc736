import {
  eventsRequestCodec,
  eventsResponseCodec,
  forwardedRequestCodec,
  hubOfferCodec,
  hubOfferRequestCodec,
  leaveResponseCodec,
  LIMITS,
  NetworkFault,
  peerLeaveRequestCodec,
  Refusal,
  standingRequestCodec,
  standingResponseCodec,
  takeOverResponseCodec,
  treeRequestCodec,
} from "@treehouse/protocol";
import type {
  Bytes,
  Codec,
  Domain,
  EndpointName,
  EventsResponse,
  HubOffer,
  Leaver,
  RoomUri,
  StandingResponse,
} from "@treehouse/protocol";
import { forClient } from "./ask.ts";
import type { Asker } from "./ask.ts";
import type { Caller, EventsRange } from "../ports.ts";
import type { Submissions } from "./submissions.ts";

/**
 * The hubs of rooms that are hosted elsewhere. Requests and answers are the octets that a client
 * exchanges with a hub. Refuses what the hub refused, with its code, and `peerUnreachable` or
 * `peerDenied` when it could not be asked.
 */
export interface Hubs {
  submit(hub: Domain, caller: Caller, room: RoomUri, request: Bytes): Promise<Bytes>;
  update(hub: Domain, caller: Caller, room: RoomUri, request: Bytes): Promise<Bytes>;
  groupInfo(hub: Domain, caller: Caller, room: RoomUri, request: Bytes): Promise<Bytes>;
  tree(hub: Domain, caller: Caller, room: RoomUri, epoch: number): Promise<Bytes>;
  leave(hub: Domain, caller: Caller, room: RoomUri, leaver?: Leaver): Promise<readonly number[]>;
  events(peer: Domain, room: RoomUri, range: EventsRange): Promise<EventsResponse>;
  standing(peer: Domain, room: RoomUri): Promise<StandingResponse>;
  hubOffer(hub: Domain, caller: Caller, room: RoomUri): Promise<HubOffer>;
  takeOver(hub: Domain, room: RoomUri, request: Bytes): Promise<void>;
}

export function createHubs(asker: Asker, submissions: Submissions): Hubs {
  function ask(
    peer: Domain,
    endpoint: EndpointName,
    room: RoomUri,
    body: Bytes,
    answerBytesMax: number = LIMITS.requestBodyBytesMax,
  ): Promise<Bytes> {
    return asker.ask(peer, { endpoint, variables: { roomId: room }, body, answerBytesMax });
  }

  return {
    submit: (hub, caller, room, request) => submissions.submit(hub, caller, room, request),
    update: async (hub, { client }, room, request) =>
      ask(hub, "update", room, forwarded({ client, request })),
    groupInfo: async (hub, { client }, room, request) =>
      // The tree may come inside the answer.
      ask(hub, "groupInfo", room, forwarded({ client, request }), LIMITS.responseBodyBytesMax),
    tree: async (hub, { client }, room, epoch) =>
      ask(
        hub,
        "tree",
        room,
        treeRequestCodec.encode({ client, epoch }),
        LIMITS.responseBodyBytesMax,
      ),
    leave: async (hub, { client }, room, leaver = "user") => {
      const request = peerLeaveRequestCodec.encode({ client, leaver });
      const answer = await ask(hub, "leave", room, request);
      return readAnswer(leaveResponseCodec, answer).leaves;
    },
    events: async (peer, room, range) => {
      const { after, limit, introduce = false } = range;
      const answerBytesMax = introduce ? LIMITS.responseBodyBytesMax : LIMITS.eventsAnswerBytesMax;
      const answer = await ask(
        peer,
        "events",
        room,
        eventsRequestCodec.encode({ after, limit, flags: { introduce } }),
        answerBytesMax,
      );
      return readAnswer(eventsResponseCodec, answer);
    },
    hubOffer: async (hub, { client }, room) => {
      const answer = await ask(hub, "hubOffer", room, hubOfferRequestCodec.encode({ client }));
      return readAnswer(hubOfferCodec, answer);
    },
    takeOver: async (hub, room, request) => {
      readAnswer(takeOverResponseCodec, await ask(hub, "takeOver", room, request));
    },
    standing: async (peer, room) => {
      const answer = await ask(peer, "standing", room, standingRequestCodec.encode({}));
      return readAnswer(standingResponseCodec, answer);
    },
  };
}

function forwarded({ client, request }: { client: Caller["client"]; request: Bytes }): Bytes {
  if (request.length === 0) throw new Refusal("malformed", "The request is empty.");
  if (request.length > LIMITS.requestBodyBytesMax) {
    const data = { limitName: "requestBodyBytesMax", limit: LIMITS.requestBodyBytesMax };
    throw new Refusal("tooLarge", "The request is too large.", data);
  }
  return forwardedRequestCodec.encode({ client, request });
}

/** An answer that cannot be read is as good as none. */
export function readAnswer<T>(codec: Codec<T>, bytes: Bytes): T {
  try {
    return codec.decode(bytes);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw forClient(new NetworkFault("broken", "The answer cannot be read.", { cause: error }));
  }
}
