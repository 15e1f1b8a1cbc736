import { type Bytes, copyBytes, fromHex, toHex } from "../bytes/index.ts";
import { malformed, varintLength } from "../codec/index.ts";
import { LIMITS } from "../limits.ts";
import { remembering } from "../remembering.ts";
import { Refusal } from "../refusals/index.ts";
import { type Component, dictionaryCodec } from "../safe-aad/index.ts";
import { roomStateFault } from "./check-room-state.ts";
import {
  basePolicyCodec,
  componentListCodec,
  roleAssignmentsCodec,
  rolesListCodec,
  roomRecordCodec,
} from "./components.ts";
import { hubConsentCodec } from "./hub-consent.ts";
import { predecessorCodec } from "./predecessor.ts";
import { sanctionsCodec } from "./sanctions.ts";
import { joinLinksCodec } from "./join-links.ts";
import { ROOM_COMPONENTS, type RoomState } from "./room-state.ts";

const components = dictionaryCodec(LIMITS.dictionaryBytesMax);

/** Most rooms have the roles of one of a few templates, and share them in memory. */
const rolesOf = remembering(16, (hex: string) => rolesListCodec.decode(fromHex(hex)));

/**
 * FED-701: the content of the GroupContext's `app_data_dictionary` extension: at most
 * `LIMITS.dictionaryBytesMax` octets, or a Refusal "limitExceeded" that names the bound. A state
 * that no decoder would take is a RangeError.
 */
export function encodeRoomState(state: RoomState): Bytes {
  const fault = roomStateFault(state);
  if (fault !== undefined) throw new RangeError(fault);
  const items: Component[] = [
    { component: ROOM_COMPONENTS.safeAad, data: componentListCodec.encode(state.safeAad) },
    { component: ROOM_COMPONENTS.rolesList, data: rolesListCodec.encode(state.roles) },
    { component: ROOM_COMPONENTS.basePolicy, data: basePolicyCodec.encode(state.basePolicy) },
    { component: ROOM_COMPONENTS.roomRecord, data: roomRecordCodec.encode(state) },
    { component: ROOM_COMPONENTS.roleAssignments, data: roleAssignmentsCodec.encode(state) },
    ...state.otherComponents,
  ];
  if (state.metadata.length > 0) {
    items.push({ component: ROOM_COMPONENTS.roomMetadata, data: copyBytes(state.metadata) });
  }
  const { predecessor, hubConsent } = state;
  if (predecessor !== undefined) {
    const data = predecessorCodec.encode(predecessor);
    items.push({ component: ROOM_COMPONENTS.predecessor, data });
  }
  if (hubConsent !== undefined) {
    items.push({ component: ROOM_COMPONENTS.hubConsent, data: hubConsentCodec.encode(hubConsent) });
  }
  if (state.sanctions !== undefined) {
    const data = sanctionsCodec.encode(state.sanctions);
    items.push({ component: ROOM_COMPONENTS.sanctions, data });
  }
  if (state.joinLinks.length > 0) {
    const data = joinLinksCodec.encode(state.joinLinks);
    items.push({ component: ROOM_COMPONENTS.joinLinks, data });
  }
  const length = items.reduce(
    (sum, { data }) => sum + 2 + varintLength(data.length) + data.length,
    0,
  );
  if (length + varintLength(length) > LIMITS.dictionaryBytesMax) throw tooLong();
  return components.encode(items.toSorted((a, b) => a.component - b.component));
}

/** The components of a state as they are encoded: what tells two states apart, part by part. */
export function componentsOf(state: RoomState): ReadonlyMap<number, Bytes> {
  const items = components.decode(encodeRoomState(state));
  return new Map(items.map(({ component, data }) => [component, data]));
}

/**
 * Reads a state and checks that it is well formed (every list sorted and unique, every role
 * defined), so that the policy engine can rely on it. To encode it gives the same octets again
 * (FED-703). The only error is a Refusal "malformed".
 */
export function decodeRoomState(bytes: Uint8Array): RoomState {
  if (bytes.length > LIMITS.dictionaryBytesMax) throw malformed("a dictionary that is too long");
  const content = new Map<number, Bytes>();
  for (const { component, data } of components.decode(bytes)) content.set(component, data);
  const take = (component: number): Bytes => {
    const data = content.get(component);
    if (data === undefined) throw malformed(`component ${component} is missing`);
    content.delete(component);
    return data;
  };
  const takeIfAny = (component: number): Bytes | undefined =>
    content.has(component) ? take(component) : undefined;
  const metadata = takeIfAny(ROOM_COMPONENTS.roomMetadata);
  const predecessor = takeIfAny(ROOM_COMPONENTS.predecessor);
  const hubConsent = takeIfAny(ROOM_COMPONENTS.hubConsent);
  const links = takeIfAny(ROOM_COMPONENTS.joinLinks);
  const joinLinks = links === undefined ? [] : joinLinksCodec.decode(links);
  if (links !== undefined && joinLinks.length === 0) throw malformed("join links without content");
  if (metadata?.length === 0) throw malformed("metadata without content");
  const sanctions = takeIfAny(ROOM_COMPONENTS.sanctions);
  const state: RoomState = {
    ...roomRecordCodec.decode(take(ROOM_COMPONENTS.roomRecord)),
    roles: rolesOf(toHex(take(ROOM_COMPONENTS.rolesList))),
    ...roleAssignmentsCodec.decode(take(ROOM_COMPONENTS.roleAssignments)),
    basePolicy: basePolicyCodec.decode(take(ROOM_COMPONENTS.basePolicy)),
    metadata: metadata ?? new Uint8Array(0),
    sanctions: sanctions && sanctionsCodec.decode(sanctions),
    joinLinks,
    safeAad: componentListCodec.decode(take(ROOM_COMPONENTS.safeAad)),
    ...(predecessor && { predecessor: predecessorCodec.decode(predecessor) }),
    ...(hubConsent && { hubConsent: hubConsentCodec.decode(hubConsent) }),
    otherComponents: [...content].map(([component, data]) => ({ component, data })),
  };
  const fault = roomStateFault(state);
  if (fault !== undefined) throw malformed(fault);
  return state;
}

function tooLong(): Refusal {
  return new Refusal("limitExceeded", "The room's state is too long.", {
    limitName: "dictionaryBytesMax",
    limit: LIMITS.dictionaryBytesMax,
  });
}
