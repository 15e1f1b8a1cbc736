import {
  type Act,
  ACT_KINDS,
  type ActKind,
  type AuditRecord,
  auditRecordCodec,
  firstAuditHead,
  groupUriOf,
  nextAuditHead,
  ROLES,
  ROOM_COMPONENTS,
  signRecord,
} from "@treehouse/protocol";

import { alicesClient, bob, octets, room, time } from "./sample-values.ts";
import { signingKeys } from "./signing-keys.ts";
import { vectorOf } from "./vector-of.ts";

const none: Act = { kind: "end", subject: "", from: 0, to: 0, component: 0, value: undefined };

/** An act of each kind with all that it says (FED-1144). */
const said: Readonly<Record<ActKind, Partial<Act>>> = {
  add: { subject: bob },
  remove: { subject: bob },
  depart: { subject: bob },
  join: { subject: bob },
  kick: { subject: bob, from: 2 },
  role: { subject: bob, from: ROLES.member, to: ROLES.admin },
  state: { component: ROOM_COMPONENTS.sanctions, value: octets(32, 0x40) },
  end: {},
};

const record: AuditRecord = {
  group: groupUriOf(room, 0),
  epoch: 7,
  actor: alicesClient,
  at: time,
  acts: Object.keys(ACT_KINDS).flatMap((name) =>
    isKind(name) ? [{ ...none, kind: name, ...said[name] }] : [],
  ),
  reason: "as agreed",
};

const signed = signRecord(auditRecordCodec.encode(record), signingKeys.client.sign);
const external: AuditRecord = {
  ...record,
  epoch: 8,
  at: 0,
  acts: [{ ...none, kind: "join", subject: bob }],
  reason: "",
};
const unsigned = { record: auditRecordCodec.encode(external), signature: undefined };
const [first, second] = [firstAuditHead(room), nextAuditHead(firstAuditHead(room), signed)];

/** The record of acts of a room (21.2): each head is that of the records before it. */
export const auditVectors = [
  vectorOf("AuditRecord", "an act of each kind", record),
  vectorOf("AuditRecord", "somebody came by a commit of their own", external),
  vectorOf("SignedRecord", "signed", signed),
  vectorOf("SignedRecord", "without a signature", unsigned),
  vectorOf("AuditHead", "of a room without a record", first),
  vectorOf("AuditHead", "with the first record", second),
  vectorOf("AuditHead", "with both", nextAuditHead(second, unsigned)),
  vectorOf("AuditLink", "of no act", { head: second, at: 0, signature: undefined, reason: "" }),
  vectorOf("AuditLink", "of an act", {
    head: first,
    at: time,
    signature: signed.signature,
    reason: record.reason,
  }),
  vectorOf("AuditLink", "with a long reason, of who does not know the record", {
    head: undefined,
    at: time,
    signature: signed.signature,
    reason: "r".repeat(400),
  }),
];

function isKind(name: string): name is ActKind {
  return Object.hasOwn(ACT_KINDS, name);
}
