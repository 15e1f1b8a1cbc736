import {
  authorize,
  type Bytes,
  checkOutsider,
  componentOf,
  decodeSafeAad,
  domainOf,
  type Env,
  equalBytes,
  type GroupInfoRequest,
  JOIN_TICKET_COMPONENT,
  type JoinLink,
  joinTicketCodec,
  linkOfAsk,
  peekMlsMessage,
  RATE_LIMITS,
  Refusal,
  type RoomUri,
  type UserUri,
} from "@treehouse/protocol";
import { createRateLimiter } from "../../platform/index.ts";
import type { DeliveryContext } from "../context.ts";
import type { Caller } from "../ports.ts";
import type { HostedRoom } from "../room/index.ts";
import { linkUsedUp } from "./link-use.ts";

/** Bounds what users ask who are in none of the rooms that they ask about. */
export interface OutsiderRates {
  take(caller: Caller): void;
  takeKnock(user: UserUri, room: RoomUri): void;
}

export function createOutsiderRates(env: Pick<Env, "monotonic">): OutsiderRates {
  const users = createRateLimiter(env, RATE_LIMITS.outsiderPerUser, "outsiderPerUser");
  const servers = createRateLimiter(env, RATE_LIMITS.outsiderPerServer, "outsiderPerServer");
  const knocks = createRateLimiter(env, RATE_LIMITS.knockPerUser, "knockPerUser");
  const here = createRateLimiter(env, RATE_LIMITS.knockPerUserAndRoom, "knockPerUserAndRoom");
  const origins = createRateLimiter(
    env,
    RATE_LIMITS.knockPerServerAndRoom,
    "knockPerServerAndRoom",
  );
  const rooms = createRateLimiter(env, RATE_LIMITS.knockPerRoom, "knockPerRoom");
  return {
    takeKnock(user, room) {
      here.take(`${user} ${room}`);
      knocks.take(user);
      origins.take(`${domainOf(user)} ${room}`);
      rooms.take(room);
    },
    take({ user }) {
      users.take(user);
      servers.take(domainOf(user));
    },
  };
}

/**
 * Whether the commit of a client whose user is not in the room is worth looking at: it names a link
 * of the room, or the room is open. Before anything dear is done, and before anybody learns where
 * the room stands; whether the ticket holds is judged with the commit. Refuses `linkInvalid` and
 * `notMember`.
 */
export function checkMayTry({ view }: HostedRoom, commit: Bytes): void {
  const link = namedLink(view.state.joinLinks, commit);
  const verdict = checkOutsider(view, link);
  if (verdict?.allowed === false) throw new Refusal(verdict.code, verdict.reason);
}

function namedLink(links: readonly JoinLink[], commit: Bytes): JoinLink | undefined {
  const message = peekMlsMessage(commit);
  if (message.wireFormat !== "public") return undefined;
  const { others } = decodeSafeAad(message.authenticatedData);
  const data = componentOf(others, JOIN_TICKET_COMPONENT);
  if (data === undefined) return undefined;
  const named = joinTicketCodec.decode(data);
  const link = links.find(({ key }) => equalBytes(key, named.key));
  if (link === undefined) throw new Refusal("linkInvalid", "The room has no such join link.");
  return link;
}

/**
 * Whether a user from outside is given the room's GroupInfo: only if a commit would be taken now
 * (FED-1087). Refuses what such a commit would be refused for.
 */
export async function checkMayAsk(
  { crypto, env, database, store }: DeliveryContext,
  hosted: HostedRoom,
  { user, client }: Caller,
  asked: GroupInfoRequest,
): Promise<void> {
  const { view, room } = hosted;
  const { joiningCode, requestingSignatureKey: signatureKey, groupInfoPublicKey } = asked;
  const link =
    joiningCode &&
    linkOfAsk(
      joiningCode,
      { room, client, signatureKey, groupInfoPublicKey },
      {
        state: view.state,
        at: env.now(),
        verify: (key, message, signature) => crypto.verify(key, message, signature),
      },
    );
  const verdict = authorize(
    view,
    { kind: "joiner", user, resync: false, link },
    { added: [{ user, client }], removed: [], stateAfter: undefined, pendingRemovals: [] },
  );
  if (!verdict.allowed) throw new Refusal(verdict.code, verdict.reason);
  if (link?.usesMax === undefined) return;
  const { key, usesMax } = link;
  const uses = await database.read((tx) => store.countLinkUses(tx, hosted.id, key));
  if (uses >= usesMax) throw linkUsedUp();
}
