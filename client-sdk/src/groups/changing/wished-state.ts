import type { MemberGroup } from "@treehouse/mls/member";
import {
  type Bytes,
  type Component,
  componentOf,
  decodeRoomState,
  encodeMessageExpiration,
  encodeRoomEnd,
  equalBytes,
  LIMITS,
  MESSAGE_EXPIRATION_COMPONENT,
  type MessageExpiration,
  opaque,
  Refusal,
  ROOM_END_COMPONENT,
  type RoomState,
  struct,
  u16,
} from "@treehouse/protocol";

import type { IntentRow } from "../../storage/index.ts";
import {
  aboutDifference,
  applyAboutWish,
  sealMetadata,
  aboutOf,
  decodeDetails,
  isNameless,
} from "../about/index.ts";
import { type GroupsContext, type Room, viewOf } from "../room/index.ts";
import { applyWish, decodePolicyWish } from "../governing/index.ts";
import { withLinks, withRoleOfLink } from "./link-wish.ts";

const componentCodec = struct<Component>({
  component: u16,
  data: opaque({ max: LIMITS.dictionaryBytesMax }),
});

const roomEnd: Component = { component: ROOM_END_COMPONENT, data: encodeRoomEnd() };

/** Body of the intent `component`: one of those that the rules do not know, as it is to be. */
export function encodeComponent(wanted: Component): Bytes {
  return componentCodec.encode(wanted);
}

export function encodeExpiration(policy: MessageExpiration): Bytes {
  const data = encodeMessageExpiration(policy);
  return encodeComponent({ component: MESSAGE_EXPIRATION_COMPONENT, data });
}

/**
 * The room's state as an intent wishes it, from what it is in this epoch; undefined where the intent
 * wishes nothing of it, or it is so already.
 */
export async function wishedState(
  context: GroupsContext,
  room: Room,
  group: MemberGroup,
  { kind, body }: Pick<IntentRow, "kind" | "body">,
): Promise<RoomState | undefined> {
  switch (kind) {
    case "component":
      return withComponent(decodeRoomState(group.roomState()), componentCodec.decode(body));
    case "end":
      return withComponent(decodeRoomState(group.roomState()), roomEnd);
    case "metadata":
      return withAbout(context, room, decodeRoomState(group.roomState()), body);
    case "policy":
      return applyWish(viewOf(group), decodePolicyWish(body), context.env);
    case "joinLink":
      return withLinks(decodeRoomState(group.roomState()), body, context.env.now());
    case "takeRole":
      return withRoleOfLink(context, group, body);
    case "send":
    case "add":
    case "remove":
    case "bringBack":
    case "commit":
    case "hub":
    case "leave":
      return undefined;
  }
}

function withComponent(state: RoomState, wanted: Component): RoomState | undefined {
  const known = componentOf(state.otherComponents, wanted.component);
  if (known !== undefined && equalBytes(known, wanted.data)) return undefined;
  const others = state.otherComponents.filter(({ component }) => component !== wanted.component);
  const otherComponents = [...others, wanted].toSorted((a, b) => a.component - b.component);
  return { ...state, otherComponents };
}

async function withAbout(
  context: GroupsContext,
  { uri }: Room,
  state: RoomState,
  body: Bytes,
): Promise<RoomState | undefined> {
  const row = await context.store.transaction((tx) => tx.rooms.get(uri));
  if (row === undefined || isNameless(row)) {
    throw new Refusal("notAllowed", "this client was not told yet what the conversation is called");
  }
  const details = decodeDetails(row.details);
  const before = aboutOf(details);
  const after = applyAboutWish(before, body);
  if (aboutDifference(before, after).length === 0) return undefined;
  const metadata = sealMetadata(uri, details.metadataKey, after, context.env.random);
  return { ...state, metadata };
}
