import type { Bytes } from "../bytes/index.ts";
import { codec, type Codec, enumeration, flags, struct, u32, vector } from "../codec/index.ts";
import { Refusal } from "../refusals/index.ts";
import type { RoomState } from "../room/index.ts";
import { DAY } from "../units.ts";
import { HISTORY_LIMITS } from "./limits.ts";

/** MIMI room policy: `chat_history_policy`. It lies among a room's other components. */
export const HISTORY_POLICY_COMPONENT = 0x002e;

/** What a room grants those who join it. */
export type HistoryPolicy = {
  /** 0: nothing. */
  readonly days: number;
  /** Roles whose holders send it. */
  readonly roles: readonly number[];
};

type Wire = {
  readonly sharing: "optional" | "required" | "forbidden";
  readonly roles: readonly number[];
  readonly flags: { readonly automatically: boolean };
  readonly maxSeconds: number;
};

const sharing = enumeration({ optional: 0, required: 1, forbidden: 2 });
const rest = struct<Omit<Wire, "sharing">>({
  roles: vector(u32),
  flags: flags({ automatically: 0 }),
  maxSeconds: u32,
});
const closed = { roles: [], flags: { automatically: false }, maxSeconds: 0 };

const policyCodec: Codec<Wire> = codec<Wire>(
  (writer, policy) => {
    sharing.write(writer, policy.sharing);
    if (policy.sharing !== "forbidden") rest.write(writer, policy);
  },
  (reader) => {
    const value = sharing.read(reader);
    return value === "forbidden"
      ? { sharing: value, ...closed }
      : { sharing: value, ...rest.read(reader) };
  },
);

const secondsPerDay = DAY / 1000;

/** FED-1070: the policy of a room that grants so many days; 0 grants nothing. */
export function encodeHistoryPolicy({ days, roles }: HistoryPolicy): Bytes {
  if (days === 0) return policyCodec.encode({ sharing: "forbidden", ...closed });
  return policyCodec.encode({
    sharing: "optional",
    roles: roles.toSorted((a, b) => a - b),
    flags: { automatically: true },
    maxSeconds: days * secondsPerDay,
  });
}

/**
 * FED-1070: what a room grants. A policy that is not there, that cannot be read, or that does not share
 * by itself, grants nothing.
 */
export function historyPolicyOf({
  otherComponents,
}: Pick<RoomState, "otherComponents">): HistoryPolicy {
  const found = otherComponents.find(({ component }) => component === HISTORY_POLICY_COMPONENT);
  const policy = found === undefined ? undefined : decoded(found.data);
  if (policy?.flags.automatically !== true) return { days: 0, roles: [] };
  const days = Math.floor(policy.maxSeconds / secondsPerDay);
  return { days: Math.min(days, HISTORY_LIMITS.historyGrantDaysMax), roles: policy.roles };
}

function decoded(data: Uint8Array): Wire | undefined {
  try {
    return policyCodec.decode(data);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
