import { encodeSafeAad, forwardedRequestCodec } from "@treehouse/protocol";
import type { Bytes, RoomUri } from "@treehouse/protocol";
import { Failed, present } from "../outcome.ts";
import type { PeerServer, PeerUser } from "../peers/server.ts";
import { askGroupInfo, judged, update } from "./handshakes.ts";
import { commitRequest } from "./seat.ts";

/** Brings a user of one of the suite's servers into a room by an external commit of its own. */
export async function comeIn(
  peer: PeerServer,
  user: PeerUser,
  room: RoomUri,
  hubKey: Bytes,
): Promise<number> {
  const { request, open } = askGroupInfo(user, room);
  const { client } = user;
  const body = forwardedRequestCodec.encode({ client, request });
  const answer = await peer.ask({ endpoint: "groupInfo", value: room, body });
  const { groupInfo, ratchetTree } = open(answer.ok("a GroupInfo").body, hubKey);
  const { prepared } = await user.driver.joinExternal(user.identity, {
    groupInfo,
    ratchetTree: present(ratchetTree, "the GroupInfo came without its tree"),
    authenticatedData: encodeSafeAad({ treehouse: undefined, others: [] }),
    at: Date.now(),
  });
  const verdict = judged(await update(peer, room, client, commitRequest(prepared)));
  if (!verdict.accepted) throw new Failed(`an external commit is ${verdict.code}`);
  return verdict.position;
}
