import {
  type AuditHead,
  auditHeadCodec,
  auditRecordCodec,
  type Bytes,
  checkLeafIdentity,
  equalBytes,
  firstAuditHead,
  leafIdentityCodec,
  type LeafIdentity,
  nextAuditHead,
  optional,
  Refusal,
  roomOfGroup,
  type RoomUri,
  roomUriCodec,
  type SignedRecord,
  signedRecordCodec,
  struct,
  u8,
  vector,
  verifyRecord,
} from "@treehouse/protocol";

import type { AuditRow } from "../../storage/index.ts";
import type { GroupsContext, Room } from "../room/index.ts";
import { decodeAuditBody, encodeAuditBody } from "./audit-body.ts";
import { holdsHead } from "./audit-state.ts";

/** FED-1149: the record, or the end of it, as a member gives it to another one. */
type Shared = {
  readonly version: number;
  readonly room: RoomUri;
  /** Before the first of these. */
  readonly head: AuditHead;
  readonly records: readonly SharedRecord[];
};

type SharedRecord = {
  readonly signed: SignedRecord;
  readonly identity: LeafIdentity | undefined;
};

const sharedCodec = struct<Shared>({
  version: u8,
  room: roomUriCodec,
  head: auditHeadCodec,
  records: vector(
    struct<SharedRecord>({ signed: signedRecordCodec, identity: optional(leafIdentityCodec) }),
  ),
});

const atOnce = 1_000_000;

/** Everything that this client has without a hole up to the newest. Refuses `notFound`. */
export function exportAudit({ store }: GroupsContext, { uri }: Room): Promise<Bytes> {
  return store.transaction((tx) => {
    const rows = withoutHoles(tx.audit.after(uri, 0, atOnce));
    const [first] = rows;
    if (first === undefined) throw new Refusal("notFound", "there is no record here yet");
    const records = rows.map((row) => decodeAuditBody(row.body));
    const head = { number: first.number - 1, hash: decodeAuditBody(first.body).previous };
    return sharedCodec.encode({ version: 1, room: uri, head, records });
  });
}

/** The newest rows that follow one another. */
function withoutHoles(rows: readonly AuditRow[]): readonly AuditRow[] {
  const start = rows.findLastIndex(
    (row, index) => index === 0 || rows[index - 1]?.number !== row.number - 1,
  );
  return rows.slice(Math.max(0, start));
}

/**
 * Takes in a record that somebody gave, as far as it leads to what this client has from commits: every
 * signature holds, and nothing is missing between. Answers how many are new here. Refuses
 * `invalidMessage` for a record that is not of this room, was altered, or leads elsewhere.
 */
export async function importAudit(
  context: GroupsContext,
  { uri }: Room,
  bytes: Uint8Array,
): Promise<number> {
  const { room, head, records } = sharedCodec.decode(bytes);
  if (room !== uri) throw wrong("it is of another conversation");
  const rows: AuditRow[] = [];
  let at = head;
  for (const shared of records) {
    const next = nextAuditHead(at, shared.signed);
    rows.push({ ...rowOf(context, uri, shared, at), ...next });
    at = next;
  }
  return context.store.transaction((tx) => {
    const begins = head.number === 0 ? firstAuditHead(uri) : head;
    const isRooted =
      head.number === 0 ? equalBytes(begins.hash, head.hash) : holdsHead(tx, uri, head);
    const last = rows.findLastIndex((row) => holdsHead(tx, uri, row));
    if (!isRooted || last < 0) throw wrong("it does not lead to what this client has");
    const missing = rows.slice(0, last + 1).filter(({ number }) => !tx.audit.get(uri, number));
    for (const row of missing) tx.audit.add(row);
    return missing.length;
  });
}

function rowOf(
  { member }: GroupsContext,
  uri: RoomUri,
  { signed, identity }: SharedRecord,
  { hash: previous }: AuditHead,
): Omit<AuditRow, "number" | "hash"> {
  const { actor, epoch, group } = auditRecordCodec.decode(signed.record);
  if (roomOfGroup(group).room !== uri) throw wrong("a record is of another conversation");
  const verify = member.crypto.verify.bind(member.crypto);
  if (signed.signature !== undefined) {
    if (identity === undefined) throw wrong("nobody stands behind a signature");
    const { addedAt: time, signatureKey } = identity.attestation;
    checkLeafIdentity(identity, { client: actor, signatureKey, at: time, verify });
    if (!verifyRecord(signed, signatureKey, verify)) throw wrong("a signature does not hold");
  }
  const body = encodeAuditBody({ signed, identity, previous, notes: "" });
  return { room: uri, epoch, group, position: 0, acceptedAt: 0, body };
}

function wrong(what: string): Refusal {
  return new Refusal("invalidMessage", `this is no record of the conversation: ${what}`);
}
