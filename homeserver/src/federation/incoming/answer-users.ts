import {
  type Bytes,
  CLIENT_LISTS_FORM,
  clientListsRequestCodec,
  clientListsResponseCodec,
  type Domain,
  domainOf,
  identifierRequestCodec,
  identifierResponseCodec,
  keyMaterialRequestCodec,
  RATE_LIMITS,
  Refusal,
  toHex,
  type UserUri,
  utf8Encode,
} from "@treehouse/protocol";
import { createRateLimiter, sha256 } from "../../platform/index.ts";
import type { FederationContext } from "../context.ts";
import type { RemoteUsers } from "../asking/index.ts";

/** Answers what peers ask about users. */
export interface UsersAnswerer {
  identifierQuery(peer: Domain, body: Bytes): Promise<Bytes>;
  keyMaterial(
    peer: { readonly domain: Domain; readonly transactionId: string },
    target: UserUri,
    body: Bytes,
  ): Promise<Bytes>;
}

export function createUsersAnswerer(
  {
    env,
    domain,
    hosted,
    localUsers,
  }: Pick<FederationContext, "env" | "domain" | "hosted" | "localUsers">,
  users: Pick<RemoteUsers, "forward">,
): UsersAnswerer {
  const lookups = createRateLimiter(env, RATE_LIMITS.lookupPerPeer, "lookupPerPeer");
  const claims = createRateLimiter(env, RATE_LIMITS.claimPerPeer, "claimPerPeer");
  return {
    async identifierQuery(peer, body) {
      if (body[0] === CLIENT_LISTS_FORM) {
        const { user, after } = clientListsRequestCodec.decode(body);
        lookups.take(peer);
        return clientListsResponseCodec.encode({
          lists: await localUsers.listsFor(peer, user, after),
        });
      }
      const { user } = identifierRequestCodec.decode(body);
      lookups.take(peer);
      const found = domainOf(user) === domain ? await localUsers.findFor(peer, user) : undefined;
      if (found === undefined) return identifierResponseCodec.encode({ status: "notFound" });
      const { clientList } = found;
      const countersigners = localUsers.countersigners();
      return identifierResponseCodec.encode({ status: "success", clientList, countersigners });
    },
    async keyMaterial({ domain: peer, transactionId }, target, body) {
      const { requestingUser, targetUser, room } = keyMaterialRequestCodec.decode(body);
      if (target !== targetUser) throw new Refusal("malformed", "The path names another user.");
      claims.take(peer);
      const hub = room === undefined ? undefined : domainOf(room);
      // A request comes from the requester's server, or from the hub of the room it is for.
      if (domainOf(requestingUser) !== peer && hub !== peer) {
        throw new Refusal("clientMismatch", "A server speaks for its own users only.");
      }
      const home = domainOf(targetUser);
      if (home === domain) return localUsers.claim(peer, body, transactionId);
      if (room === undefined || hub !== domain || domainOf(requestingUser) !== peer) {
        throw new Refusal("notHub", "This server is neither the user's nor the room's.");
      }
      // Or anybody could have this server ask any other one.
      await hosted.checkFollowedBy(peer, room);
      return users.forward(home, targetUser, body, forwardedId(peer, transactionId));
    },
  };
}

/** The asker's repetition is ours (FED-933), and no other asker's. */
function forwardedId(peer: Domain, transactionId: string): string {
  return toHex(sha256(utf8Encode(`${peer} ${transactionId}`)).subarray(0, 16));
}
