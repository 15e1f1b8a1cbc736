import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Bytes, toHex } from "../bytes/index.ts";
import {
  groupUriOf,
  mintClientUri,
  parseDomain,
  parseRoomUri,
  parseUserUri,
} from "../identifiers/index.ts";
import { ROLES, template } from "../policy/index.ts";
import { Refusal } from "../refusals/index.ts";
import { dictionaryCodec } from "../safe-aad/index.ts";
import {
  decodeRoomState,
  encodeRoomState,
  ROOM_COMPONENTS,
  type RoomState,
  userTag,
} from "./index.ts";

const founder = parseUserUri("mimi://example.org/u/alice");
const peer = parseUserUri("mimi://example.org/u/bob");
const hub = parseDomain("example.org");
const group = template("group", { founder, hub, term: 1 });
const client = mintClientUri(founder, (length) => new Uint8Array(length));
const zeros = { transcript: new Uint8Array(32), hash: new Uint8Array(32) };
const predecessor: RoomState["predecessor"] = {
  claim: {
    ...zeros,
    previous: groupUriOf(parseRoomUri(`mimi://example.org/r/${"a".repeat(26)}`), 0),
    epoch: 1,
    position: 2,
    formerHub: hub,
    hub,
    hubKey: new Uint8Array(32),
    term: 1,
    reason: "reset",
  },
  endorsements: [{ client, signature: new Uint8Array(64) }],
  returning: [],
};
const direct = template("direct", { founder, peer, hub, term: 1, hubKey: new Uint8Array(32) });

const salt = new Uint8Array(16).fill(3);
const optional = new Set<number>([
  ROOM_COMPONENTS.roomMetadata,
  ROOM_COMPONENTS.sanctions,
  ROOM_COMPONENTS.joinLinks,
  ROOM_COMPONENTS.predecessor,
  ROOM_COMPONENTS.hubConsent,
]);

function outcome(decode: () => unknown): "value" | "malformed" {
  try {
    decode();
    return "value";
  } catch (error) {
    if (error instanceof Refusal && error.code === "malformed") return "malformed";
    throw error;
  }
}

const u32 = fc.nat(0xffff_ffff);
const bytes = (max: number): fc.Arbitrary<Bytes> =>
  fc.uint8Array({ maxLength: max }).map((value) => new Uint8Array(value));
const numbers = fc
  .uniqueArray(fc.nat(0xffff), { maxLength: 8 })
  .map((list) => list.toSorted((a, b) => a - b));

const tags = fc
  .uniqueArray(fc.stringMatching(/^[0-9a-f]{32}$/), { minLength: 1, maxLength: 3 })
  .map((list) => list.toSorted());
const sanctions = fc.record({
  salt: fc.constant(new Uint8Array(16)),
  banned: tags,
  muted: fc
    .tuple(tags, fc.option(fc.maxSafeNat(), { nil: undefined }))
    .map(([list, until]) => list.map((user) => ({ user, until }))),
});

/** States beyond the templates: other definitions, numbers, policies and unknown components. */
const states: fc.Arbitrary<RoomState> = fc
  .record({
    base: fc.constantFrom(group, direct),
    floor: fc.integer({ min: 1, max: 3 }),
    term: fc.maxSafeNat(),
    capabilities: numbers,
    name: fc.stringMatching(/^[a-zäß ]{0,20}$/),
    maximum: fc.option(fc.integer({ min: 9, max: 99 }), { nil: undefined }),
    metadata: bytes(60),
    sanctions: fc.option(sanctions, { nil: undefined }),
    others: fc.uniqueArray(fc.tuple(fc.integer({ min: 0x9000, max: 0xffff }), bytes(20)), {
      maxLength: 4,
      selector: ([component]) => component,
    }),
    policyComponents: numbers,
    maxUsers: fc.option(u32, { nil: undefined }),
    parent: fc.boolean(),
  })
  .map((part) => ({
    ...part.base,
    rulesVersion: 3,
    floor: part.floor,
    term: part.term,
    roles: part.base.roles.map((role) => ({
      ...role,
      name: part.name,
      capabilities: part.capabilities,
      maximumParticipants: part.maximum,
    })),
    metadata: part.metadata,
    sanctions: part.sanctions,
    safeAad: [0x0020, 0x8001],
    otherComponents: part.others
      .map(([component, data]) => ({ component, data }))
      .toSorted((a, b) => a.component - b.component),
    basePolicy: {
      ...part.base.basePolicy,
      policyComponents: part.policyComponents,
      maxUsers: part.maxUsers,
      parentDependent: part.parent,
      parentRoom: part.parent
        ? parseRoomUri("mimi://example.org/r/aaaaaaaaaaaaaaaaaaaaaaaaaa")
        : undefined,
    },
  }));

describe("room state", () => {
  it("survives the way there and back, unknown components included", () => {
    fc.assert(
      fc.property(states, (state) => {
        const encoded = encodeRoomState(state);
        expect(decodeRoomState(encoded)).toEqual(state);
        expect(toHex(encodeRoomState(decodeRoomState(encoded)))).toBe(toHex(encoded));
      }),
      { numRuns: 100 },
    );
  });

  it("is a value with this very encoding or a Refusal malformed, whatever the octets", () => {
    const encoded = encodeRoomState(group);
    const mutated = fc
      .array(fc.tuple(fc.nat(encoded.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 })
      .map((edits) => {
        const copy = encoded.slice();
        for (const [at, octet] of edits) copy[at] = octet;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), mutated), (octets) => {
        const again = (): Bytes => encodeRoomState(decodeRoomState(octets));
        const hex = toHex(octets);
        expect(outcome(again) === "value" ? toHex(again()) : hex).toBe(hex);
      }),
      { numRuns: 1500 },
    );
    for (let length = 0; length < encoded.length; length++) {
      expect(outcome(() => decodeRoomState(encoded.subarray(0, length)))).toBe("malformed");
    }
  });

  it("lacks no component, and holds none twice", () => {
    const codec = dictionaryCodec(65_536);
    const link = {
      key: new Uint8Array(32),
      role: ROLES.member,
      createdBy: founder,
      expiresAt: undefined,
      usesMax: 1,
      invitee: { user: peer, identityKey: new Uint8Array(32) },
    };
    const full: RoomState = {
      ...group,
      metadata: new Uint8Array(1),
      sanctions: { salt, banned: [userTag(salt, peer)], muted: [] },
      joinLinks: [link],
      hubKey: new Uint8Array(32),
      predecessor,
      hubConsent: { notAfter: 1, signature: new Uint8Array(64) },
    };
    const components = codec.decode(encodeRoomState(full));
    expect(components.map(({ component }) => component)).toEqual(
      Object.values(ROOM_COMPONENTS).toSorted((a, b) => a - b),
    );
    for (const { component } of components) {
      const rest = codec.encode(components.filter((one) => one.component !== component));
      const expected = optional.has(component) ? "value" : "malformed";
      expect(outcome(() => decodeRoomState(rest))).toBe(expected);
      const empty = codec.encode(
        components.map((one) =>
          one.component === component ? { component, data: new Uint8Array(0) } : one,
        ),
      );
      expect(outcome(() => decodeRoomState(empty))).toBe("malformed");
    }
  });

  const owner = { user: founder, role: ROLES.owner };
  const mute = { user: tag(1), until: undefined };
  const faults: readonly [string, Partial<RoomState>][] = [
    ["a floor above the rules version", { floor: 2 }],
    ["a floor of 0", { floor: 0 }],
    ["no roles", { roles: [], assignments: [], defaultRole: 0 }],
    ["roles out of order", { roles: group.roles.toReversed() }],
    ["only the role of outsiders", { roles: group.roles.slice(0, 1), assignments: [] }],
    ["an undefined default role", { defaultRole: 9 }],
    ["an undefined assigned role", { assignments: [{ user: founder, role: 9 }] }],
    ["an assignment of role 0", { assignments: [{ user: founder, role: 0 }] }],
    ["an assignment of the default role", { assignments: [{ user: founder, role: ROLES.member }] }],
    ["a user twice", { assignments: [owner, owner] }],
    ["users out of order", { assignments: [{ user: peer, role: ROLES.admin }, owner] }],
    ["a SafeAAD without our component", { safeAad: [0x0020] }],
    [
      "a known component among the unknown",
      { otherComponents: [{ component: 2, data: new Uint8Array(1) }] },
    ],
    ["sanctions of nobody", { sanctions: { salt, banned: [], muted: [] } }],
    ["a salt of 15 octets", { sanctions: { salt: salt.subarray(1), banned: [tag(1)], muted: [] } }],
    ["bans out of order", { sanctions: { salt, banned: [tag(2), tag(1)], muted: [] } }],
    ["a user muted twice", { sanctions: { salt, banned: [], muted: [mute, mute] } }],
    [
      "1001 bans",
      { sanctions: { salt, banned: Array.from({ length: 1001 }, (_, at) => tag(at)), muted: [] } },
    ],
    ["metadata of 4097 octets", { metadata: new Uint8Array(4097) }],
    ["a parent without dependence", { basePolicy: { ...group.basePolicy, parentDependent: true } }],
    ["capabilities twice", { roles: withRole({ capabilities: [5, 5] }) }],
    [
      "a role change to an undefined role",
      { roles: withRole({ changes: [{ from: 0, to: [9] }] }) },
    ],
    ["a role change to nothing", { roles: withRole({ changes: [{ from: 0, to: [] }] }) }],
    [
      "more at least than at most",
      { roles: withRole({ minimumParticipants: 2, maximumParticipants: 1 }) },
    ],
  ];

  it.each(faults)("with %s cannot be encoded", (_, part) => {
    expect(() => encodeRoomState({ ...group, ...part })).toThrow(RangeError);
  });

  it("has a bound that its refusal names", () => {
    const assignments = Array.from({ length: 2500 }, (_, index) => ({
      user: parseUserUri(`mimi://example.org/u/user-${10_000 + index}`),
      role: ROLES.admin,
    }));
    const encode = (): Bytes => encodeRoomState({ ...group, assignments });
    expect(encode).toThrow(expect.objectContaining({ code: "limitExceeded" }));
    const data = new Uint8Array(65_536);
    expect(outcome(() => decodeRoomState(data))).toBe("malformed");
  });

  /** The `at`-th tag in ascending order. */
  function tag(at: number): string {
    return at.toString(16).padStart(32, "0");
  }

  function withRole(part: Partial<RoomState["roles"][number]>): RoomState["roles"] {
    return group.roles.map((role) => (role.index === ROLES.admin ? { ...role, ...part } : role));
  }
});
