import type { MemberGroup } from "@treehouse/mls/member";
import {
  CAPABILITIES,
  type CapabilityName,
  hasCapability,
  maySend,
  roleOf,
  type UserUri,
  type Verdict,
} from "@treehouse/protocol";

import type { GroupsContext, Room } from "./context.ts";
import { loadGroup } from "./load-group.ts";
import { viewOf } from "./view-of-group.ts";

/** What the room's rules let a user do, in the state that the group is in now. */
export function capabilitiesOf(
  group: MemberGroup,
  user: UserUri,
): (capability: CapabilityName) => boolean {
  return (capability) => {
    const view = viewOf(group);
    return hasCapability(view.state, roleOf(view, user), CAPABILITIES[capability]);
  };
}

/** Whether the hub takes messages of this client now, as far as the state here and the own clock tell. */
export function speakingVerdict(context: GroupsContext, room: Room): Promise<Verdict> {
  return room.serial.run(async () => {
    const view = viewOf(await loadGroup(context, room));
    return maySend(view, context.self.user, context.env.now());
  });
}
