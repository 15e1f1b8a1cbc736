import {
  forwardedRequestCodec,
  groupInfoResponseCodec,
  leafIdentityCodec,
  mintRoomUri,
  signKnock,
} from "@treehouse/protocol";
import type { Bytes, RoomUri } from "@treehouse/protocol";
import { random } from "../clients/person.ts";
import { agree } from "../outcome.ts";
import type { PeerServer, PeerUser } from "../peers/server.ts";
import { askGroupInfo } from "../rooms/handshakes.ts";
import { hostedRoom } from "../rooms/hosted-room.ts";
import { rule } from "../rule.ts";
import type { Rule } from "../rule.ts";

/** What a hub takes for a knock (page 18). */
export const askingInRules: readonly Rule[] = [
  rule("FED-1097", "a knock is signed by who knocks", {
    "nobody knocks in another's name, nor by what was said at another room": async (world) => {
      const founder = await world.account("doris");
      const { room, alice: doris, peer } = await hostedRoom(world, "a", founder);
      const user = (name: string) => peer.user(`${name}-${peer.users.size}`);
      const [eve, victim] = [user("eve"), user("victim")];
      const before = doris.position;
      const posed = await ask(peer, eve, room, knockOf(eve, room, victim));
      posed.refused("an identity of somebody else", "identityInvalid");
      const taken = await ask(peer, eve, room, knockOf(victim, room));
      taken.refused("somebody else's knock", "clientMismatch");
      const other = mintRoomUri(world.subject.domain, random);
      const replayed = await ask(peer, victim, room, knockOf(victim, other));
      replayed.refused("another room's knock", "identityInvalid");
      await doris.sync();
      agree("entries that came of it", doris.position, before);
      const { status } = (await ask(peer, victim, room, knockOf(victim, room))).struct(
        "a knock",
        groupInfoResponseCodec,
      );
      agree("the answer to a true one", status, "notAuthorized");
      await doris.sync();
      agree("entries that came of that", doris.position, before + 1);
    },
  }),
];

/** Signed by `by` over the identity of `as`. */
function knockOf(by: PeerUser, room: RoomUri, as: PeerUser = by): Bytes {
  const identity = leafIdentityCodec.decode(as.identity.leafIdentity);
  const knock = { act: "asks", key: random(32), at: Date.now(), identity } as const;
  return signKnock(room, knock, by.person.keys.sign);
}

function ask(peer: PeerServer, asker: PeerUser, room: RoomUri, knock: Bytes) {
  const { request } = askGroupInfo(asker, room, knock);
  const body = forwardedRequestCodec.encode({ client: asker.client, request });
  return peer.ask({ endpoint: "groupInfo", value: room, body });
}
