import { describe, expect, it } from "vitest";
import {
  type Act,
  actsOfCommit,
  type AuditHead,
  type AuditLink,
  auditLinkCodec,
  type AuditRecord,
  auditRecordCodec,
  firstAuditHead,
  nextAuditHead,
  type SignedRecord,
  signRecord,
  verifyRecord,
} from "../src/audit/index.ts";
import { toHex } from "../src/bytes/index.ts";
import { mintClientUri, mintRoomUri, parseGroupUri } from "../src/identifiers/index.ts";
import { LIMITS } from "../src/limits.ts";
import { type RoomChange, ROLES } from "../src/policy/index.ts";
import { encodeRoomEnd, ROOM_COMPONENTS, ROOM_END_COMPONENT } from "../src/room/index.ts";
import { keyPairOf, verifyEd25519 } from "./ed25519.ts";
import {
  add,
  anna,
  assign,
  edit,
  group,
  hub,
  max,
  mia,
  nothing,
  olga,
  remove,
  zoe,
} from "./policy/house.ts";

const random = (length: number) => new Uint8Array(length).fill(7);
const room = mintRoomUri(hub, random);
const groupUri = parseGroupUri(room.replace("/r/", "/g/").concat(".0"));
const actor = mintClientUri(olga, random);

const acts = (change: RoomChange, external = false): readonly Partial<Act>[] =>
  actsOfCommit({ before: group, change, actor: external ? zoe : olga, external }).map(
    ({ kind, subject, from, to, component }) =>
      Object.fromEntries(
        Object.entries({ kind, subject, from, to, component }).filter(
          ([, value]) => value !== "" && value !== 0,
        ),
      ),
  );

describe("FED-1144 what a commit did", () => {
  it("is what is different between before and after", () => {
    expect(acts(add(zoe))).toEqual([{ kind: "add", subject: zoe }]);
    expect(acts(add(zoe), true)).toEqual([{ kind: "join", subject: zoe }]);
    expect(acts(remove(group, 5))).toEqual([{ kind: "remove", subject: max }]);
    expect(acts(remove(group, 7))).toEqual([{ kind: "kick", subject: mia, from: 1 }]);
    expect(acts({ ...remove(group, 5), pendingRemovals: [5] })).toEqual([
      { kind: "depart", subject: max },
    ]);
    expect(acts(assign(group, mia, ROLES.admin))).toEqual([
      { kind: "role", subject: mia, from: ROLES.member, to: ROLES.admin },
    ]);
    expect(acts(edit(group, { metadata: Uint8Array.of(1) }))).toEqual([
      { kind: "state", component: ROOM_COMPONENTS.roomMetadata },
    ]);
    expect(acts(edit(group, { defaultRole: ROLES.outsider }))).toContainEqual({
      kind: "state",
      component: ROOM_COMPONENTS.roleAssignments,
    });
    const end = { component: ROOM_END_COMPONENT, data: encodeRoomEnd() };
    expect(acts(edit(group, { otherComponents: [end] }))).toEqual([{ kind: "end" }]);
  });

  it("is no act where keys are renewed, or clients of one's own come and go", () => {
    expect(acts(nothing)).toEqual([]);
    expect(acts(remove(group, 6))).toEqual([]);
    expect(acts(add(olga))).toEqual([]);
  });

  it("has one order, whatever the order of the commit", () => {
    const both = { ...remove(group, 5, 2), added: add(zoe).added };
    const turned = { ...both, removed: both.removed.toReversed() };
    expect(acts(both)).toEqual(acts(turned));
    expect(acts(both).map(({ subject }) => subject)).toEqual([anna, max, zoe]);
  });
});

const keys = keyPairOf(1);
const recordOf = (epoch: number, reason = ""): Uint8Array<ArrayBuffer> => {
  const record: AuditRecord = {
    group: groupUri,
    epoch,
    actor,
    at: 1_700_000_000_000,
    acts: actsOfCommit({ before: group, change: add(zoe), actor: olga, external: false }),
    reason,
  };
  expect(auditRecordCodec.decode(auditRecordCodec.encode(record))).toEqual(record);
  return auditRecordCodec.encode(record);
};
const chained = (records: readonly SignedRecord[]): AuditHead =>
  records.reduce((head, record) => nextAuditHead(head, record), firstAuditHead(room));

describe("FED-1145 FED-1146 R-078 the record", () => {
  const log = [1, 2, 3, 4].map((epoch) => signRecord(recordOf(epoch), keys.sign));

  it("is of version 1, and nothing else is read as one (FED-102)", () => {
    const other = Uint8Array.from(recordOf(1));
    other[0] = 0;
    expect(() => auditRecordCodec.decode(other)).toThrow("version");
  });

  it("is signed by who did it, with the reason", () => {
    const [first] = log;
    if (first === undefined) throw new Error("four records");
    expect(verifyRecord(first, keys.publicKey, verifyEd25519)).toBe(true);
    expect(verifyRecord(first, keyPairOf(2).publicKey, verifyEd25519)).toBe(false);
    expect(
      verifyRecord({ ...first, record: recordOf(1, "other") }, keys.publicKey, verifyEd25519),
    ).toBe(false);
    expect(verifyRecord({ ...first, signature: undefined }, keys.publicKey, verifyEd25519)).toBe(
      false,
    );
  });

  it("shows in its head what is forged, reordered, dropped or signed anew", () => {
    const head = toHex(chained(log).hash);
    const [a, b, c, d] = log;
    if (a === undefined || b === undefined || c === undefined || d === undefined) {
      throw new Error("four records");
    }
    const forged = { ...b, record: recordOf(2, "forged") };
    const anew = signRecord(b.record, keyPairOf(2).sign);
    const bare = { ...b, signature: undefined };
    for (const other of [
      [a, forged, c, d],
      [a, c, b, d],
      [a, b, d],
      [b, c, d],
      [a, anew, c, d],
    ]) {
      expect(toHex(chained(other).hash)).not.toBe(head);
    }
    expect(toHex(chained([a, bare, c, d]).hash)).not.toBe(head);
    expect(chained(log)).toEqual(chained([...log]));
    expect(chained(log).number).toBe(4);
  });
});

describe("FED-1147 what goes with a commit", () => {
  const link: AuditLink = {
    head: firstAuditHead(room),
    at: 1,
    signature: new Uint8Array(64),
    reason: "",
  };

  it("comes back, and has one of two lengths", () => {
    const lengths = ["", "spam", "é".repeat(LIMITS.actReasonBytesMax / 2)].map((reason) => {
      const encoded = auditLinkCodec.encode({ ...link, reason });
      expect(auditLinkCodec.decode(encoded)).toEqual({ ...link, reason });
      return encoded.length;
    });
    expect(lengths).toEqual([256, 256, 768]);
    const bare = { head: undefined, at: 0, signature: undefined, reason: "" };
    expect(auditLinkCodec.encode(bare).length).toBe(256);
  });
});
