import type { MemberGroup } from "@treehouse/mls/member";
import {
  actsOfCommit,
  AUDIT_AAD_COMPONENT,
  type AuditHead,
  type AuditLink,
  auditLinkCodec,
  auditRecordCodec,
  type Bytes,
  type Component,
  componentOf,
  decodeSafeAad,
  type GroupUri,
  groupUriCodec,
  LABELS,
  nextAuditHead,
  Refusal,
  type RoomChange,
  sealedLinkCodec,
  signRecord,
} from "@treehouse/protocol";

import { policyBefore, type GroupsContext, type Room } from "../room/index.ts";

const keyLength = 16;
const nonceLength = 12;

/** FED-1147: the key of what the commits of this epoch say of the record. */
export function auditLinkKey(group: MemberGroup): Promise<Bytes> {
  return group.exportSecret(LABELS.auditLink, new Uint8Array(), keyLength);
}

/**
 * What goes with an own commit: how this client has the record, and, if the commit is an act, the
 * signature of its record with the reason. `head` is the record after it, for whom the commit adds.
 */
export async function ownAuditLink(
  context: GroupsContext,
  room: Room,
  group: MemberGroup,
  { change, reason }: { readonly change: RoomChange; readonly reason: string },
): Promise<{ readonly component: Component; readonly head: AuditHead | undefined }> {
  const { env, identity, member, self, store } = context;
  const { crypto } = member;
  const { view: before } = policyBefore(group);
  const acts = actsOfCommit({ before, change, actor: self.user, external: false });
  const known = await store.transaction((tx) => tx.audit.state(room.uri));
  const head = known?.isCurrent === true ? { number: known.number, hash: known.hash } : undefined;
  const at = env.now();
  const { group: uri, epoch } = group;
  const record = { group: uri, epoch, actor: self.client, at, acts, reason };
  const signed =
    acts.length === 0
      ? undefined
      : signRecord(auditRecordCodec.encode(record), (message) =>
          crypto.sign(identity.signaturePrivateKey, message),
        );
  const link: AuditLink = {
    head,
    at: signed === undefined ? 0 : at,
    signature: signed?.signature,
    reason: signed === undefined ? "" : reason,
  };
  const nonce = env.random(nonceLength);
  const key = await auditLinkKey(group);
  const sealed = crypto.aeadSeal(key, nonce, boundTo(uri), auditLinkCodec.encode(link));
  const data = sealedLinkCodec.encode({ nonce, sealed });
  return {
    component: { component: AUDIT_AAD_COMPONENT, data },
    head: head && signed ? nextAuditHead(head, signed) : head,
  };
}

/** What a commit says of the record; undefined where it says nothing that can be read. */
export function openAuditLink(
  { member }: Pick<GroupsContext, "member">,
  authenticatedData: Bytes,
  { group, key }: { readonly group: GroupUri; readonly key: Bytes },
): AuditLink | undefined {
  try {
    const data = componentOf(decodeSafeAad(authenticatedData).others, AUDIT_AAD_COMPONENT);
    if (data === undefined) return undefined;
    const { nonce, sealed } = sealedLinkCodec.decode(data);
    return auditLinkCodec.decode(member.crypto.aeadOpen(key, nonce, boundTo(group), sealed));
  } catch (error) {
    if (error instanceof Refusal || isUnopened(error)) return undefined;
    throw error;
  }
}

function isUnopened(error: unknown): boolean {
  return error instanceof Error && error.name === "CryptoFailure";
}

function boundTo(group: GroupUri): Bytes {
  return groupUriCodec.encode(group);
}
