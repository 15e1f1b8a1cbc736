import type { MemberGroup } from "@treehouse/mls/member";
import {
  type Bytes,
  decodeRoomState,
  equalBytes,
  type RoomView,
  roomView,
} from "@treehouse/protocol";

type Seen = { readonly authenticator: Bytes; readonly view: RoomView };

/** Every message is judged by the view of its epoch, which is read out of the group once. */
const seen = new WeakMap<MemberGroup, Seen>();

/** The group's state and users, as the policy engine looks at them, in the epoch that it is in. */
export function viewOf(group: MemberGroup): RoomView {
  const authenticator = group.epochAuthenticator();
  const known = seen.get(group);
  if (known !== undefined && equalBytes(known.authenticator, authenticator)) return known.view;
  const view = roomView(decodeRoomState(group.roomState()), group.members());
  seen.set(group, { authenticator, view });
  return view;
}
