import type { Bytes } from "../bytes/index.ts";
import type { Domain, UserUri } from "../identifiers/index.ts";
import {
  type BasePolicy,
  ROOM_COMPONENTS,
  type RoomState,
  type RoomTemplate,
  RULES_VERSION,
} from "../room/index.ts";
import { TREEHOUSE_AAD_COMPONENT } from "../safe-aad/index.ts";
import { assignmentsFrom } from "./settle.ts";
import { ROLES, TEMPLATE_ROLES } from "./template-roles.ts";

export interface Founding {
  readonly founder: UserUri;
  readonly hub: Domain;
  readonly term: number;
  /** The hub's Ed25519 key for this room, 32 octets. */
  readonly hubKey?: Bytes | undefined;
}

/** The templates of rooms whose users come and go. */
export type OpenEndedTemplate = Exclude<RoomTemplate, "direct">;

/**
 * The state in which a room of this kind begins.
 *
 * `direct`: a fixed pair of equals. The founder brings the peer in with the first commit; nobody
 * else can ever come in, both may add and remove their own clients, and one who has none left may
 * come back. With the founder as peer it is a room for oneself.
 *
 * In the others the founder is the owner, and everybody added is a member. Admins add, remove, ban
 * and mute members; owners also appoint. Owners cannot remove each other. In a `group` everybody
 * speaks; in an `announcement` room members read, and speakers, admins and owners write; into an
 * `open` room everybody may come who is not banned.
 */
export function template(kind: OpenEndedTemplate, founding: Founding): RoomState;
export function template(
  kind: "direct",
  founding: Founding & { readonly peer: UserUri },
): RoomState;
export function template(
  kind: RoomTemplate,
  founding: Founding & { readonly peer?: UserUri },
): RoomState {
  const { founder, hub, term, hubKey, peer = founder } = founding;
  const state = {
    rulesVersion: RULES_VERSION,
    floor: RULES_VERSION,
    template: kind,
    hub,
    term,
    hubKey,
    metadata: new Uint8Array(0),
    sanctions: undefined,
    joinLinks: [],
    safeAad: [TREEHOUSE_AAD_COMPONENT],
    otherComponents: [],
    roles: TEMPLATE_ROLES[kind],
  };
  if (kind === "direct") {
    const pair = new Map([founder, peer].map((user) => [user, ROLES.member]));
    return {
      ...state,
      defaultRole: ROLES.outsider,
      assignments: assignmentsFrom(pair, ROLES.outsider),
      basePolicy: { ...basePolicy, fixedMembership: true, maxUsers: 2 },
    };
  }
  return {
    ...state,
    defaultRole: ROLES.member,
    assignments: [{ user: founder, role: ROLES.owner }],
    basePolicy: { ...basePolicy, discoverable: kind === "open" },
  };
}

const basePolicy: BasePolicy = {
  fixedMembership: false,
  parentDependent: false,
  parentRoom: undefined,
  multiDevice: true,
  maxClients: undefined,
  maxUsers: undefined,
  pseudonymsAllowed: false,
  persistentRoom: true,
  discoverable: false,
  policyComponents: [ROOM_COMPONENTS.rolesList],
};
