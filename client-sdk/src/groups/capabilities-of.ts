import type { MemberGroup } from "@treehouse/mls/member";
import {
  CAPABILITIES,
  type CapabilityName,
  decodeRoomState,
  hasCapability,
  roleOf,
  roomView,
  type UserUri,
} from "@treehouse/protocol";

/** What the room's rules let a user do, in the state that the group is in now. */
export function capabilitiesOf(
  group: MemberGroup,
  user: UserUri,
): (capability: CapabilityName) => boolean {
  return (capability) => {
    const state = decodeRoomState(group.roomState());
    const roster = group.members().map(({ leaf, client }) => ({ leaf, client }));
    const role = roleOf(roomView(state, roster), user);
    return hasCapability(state, role, CAPABILITIES[capability]);
  };
}
