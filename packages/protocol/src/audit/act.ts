import type { Bytes } from "../bytes/index.ts";
import {
  type Codec,
  enumeration,
  fixed,
  optional,
  struct,
  u16,
  u32,
  utf8,
} from "../codec/index.ts";
import { LIMITS } from "../limits.ts";

/** FED-1144: what an administrative act did, by number. */
export const ACT_KINDS = {
  /** A member brought a user in. */
  add: 1,
  /** A member took a user out, with all clients. */
  remove: 2,
  /** A user is out who had left, was deleted, or was not seen for too long: the hub had proposed it. */
  depart: 3,
  /** A user came in by a commit of their own. */
  join: 4,
  /** A member took clients of somebody out who stays; `from` says how many. */
  kick: 5,
  /** A user has another role: the committer's choice, or what follows when an owner goes. */
  role: 6,
  /** A component of the room's state is another one; which says `component`. */
  state: 7,
  /** The room was ended. */
  end: 8,
} as const;

export type ActKind = keyof typeof ACT_KINDS;

export type Act = {
  readonly kind: ActKind;
  /** URI of the user; empty with `state` and `end`. */
  readonly subject: string;
  /** Role indices with `role`, otherwise 0 unless it is said above. */
  readonly from: number;
  readonly to: number;
  /** Of the room's state; 0 with other acts than `state`. */
  readonly component: number;
  /** SHA-256 of the component's new content; absent where it has none any more, and with other acts. */
  readonly value: Bytes | undefined;
};

export const actCodec: Codec<Act> = struct<Act>({
  kind: enumeration(ACT_KINDS),
  subject: utf8({ max: LIMITS.uriBytesMax }),
  from: u32,
  to: u32,
  component: u16,
  value: optional<Bytes>(fixed(32)),
});

export function actOf(kind: ActKind, parts: Partial<Omit<Act, "kind">>): Act {
  return { kind, subject: "", from: 0, to: 0, component: 0, value: undefined, ...parts };
}
