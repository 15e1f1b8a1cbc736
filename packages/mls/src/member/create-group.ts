import type { Bytes, Domain, GroupUri } from "@treehouse/protocol";
import { LIMITS, utf8Encode } from "@treehouse/protocol";
import { createGroup as create } from "ts-mls/clientState.js";
import { encodeKeyPackage } from "ts-mls/keyPackage.js";

import { toTsMls } from "../crypto/index.ts";
import { clientConfig, groupExtensions } from "../profile/index.ts";
import { checkKeyPackage, checkRoomState } from "../validity/index.ts";
import { encodeTree } from "../wire/index.ts";
import type { ClientIdentity, MemberContext, MemberGroup } from "./face.ts";
import { Group } from "./group.ts";
import { exportGroupInfo } from "./group-info.ts";
import { makeKeyPackage } from "./key-package.ts";
import { liveWith } from "./snapshot.ts";

/**
 * A new group with this client as its only member. `groupInfo` and `ratchetTree` found the room at
 * the hub, which may propose removals with `hubKey`. Refusals: identityInvalid, invalidCommit (the
 * room's state cannot be read), limitExceeded.
 */
export async function createGroup(
  context: MemberContext,
  identity: ClientIdentity,
  options: { group: GroupUri; roomState: Bytes; hubKey: Bytes; hubDomain: Domain },
): Promise<{ group: MemberGroup; groupInfo: Bytes; ratchetTree: Bytes }> {
  const { crypto } = context;
  const cs = toTsMls(crypto);
  const own = await makeKeyPackage(context, identity, {
    lifetimeMs: LIMITS.keyPackageLifetimeMaxMs,
    lastResort: false,
  });
  await checkKeyPackage(crypto, encodeKeyPackage(own.publicPackage), context.now());
  const state = await create(
    utf8Encode(options.group),
    own.publicPackage,
    own.privatePackage,
    groupExtensions(options),
    cs,
    clientConfig(context.now()),
  );
  checkRoomState(state.groupContext);
  const group = new Group(context, identity, liveWith(state, []), undefined);
  const groupInfo = await exportGroupInfo(crypto, state);
  return { group, groupInfo, ratchetTree: encodeTree(state.ratchetTree) };
}
