import assert from "node:assert/strict";
import { joinExternal } from "@treehouse/mls/member";
import {
  encodeSafeAad,
  groupInfoPlaintextCodec,
  groupInfoRequestCodec,
  groupInfoResponseCodec,
  LABELS,
  paths,
  signedBytes,
  signGroupInfoRequest,
  utf8Encode,
  verifyGroupInfoResponse,
} from "@treehouse/protocol";
import type { Bytes, GroupInfoPlaintext, RoomUri } from "@treehouse/protocol";
import type { Answer, Person } from "./person.ts";
import { accepted } from "./person.ts";
import type { RoomNames } from "./rooms.ts";
import { Seat } from "./seat.ts";

/** An encoded request for a GroupInfo, and the key that opens its answer. */
export function askGroupInfo(
  person: Person,
  room: RoomUri,
): { readonly request: Bytes; readonly open: (answer: Bytes) => GroupInfoPlaintext } {
  const { crypto } = person.rig;
  const keys = crypto.hpkeGenerateKeyPair();
  const request = signGroupInfoRequest(
    {
      ciphersuite: 1,
      requestingSignatureKey: person.identity.signaturePublicKey,
      requestingCredential: { identity: utf8Encode(person.client) },
      groupInfoPublicKey: keys.publicKey,
      joiningCode: undefined,
    },
    room,
    (message) => crypto.sign(person.identity.signaturePrivateKey, message),
  );
  return {
    request: groupInfoRequestCodec.encode(request),
    open(answer) {
      const response = groupInfoResponseCodec.decode(answer);
      if (response.status !== "success") throw new Error(response.status);
      const verify = (key: Bytes, message: Bytes, signature: Bytes) =>
        crypto.verify(key, message, signature);
      assert.ok(verifyGroupInfoResponse(response, verify));
      const info = signedBytes(LABELS.groupInfoSealing, utf8Encode(room));
      const { kemOutput, ciphertext } = response.sealed;
      const none = new Uint8Array(0);
      return groupInfoPlaintextCodec.decode(
        crypto.hpkeOpen(keys.privateKey, kemOutput, info, none, ciphertext),
      );
    },
  };
}

type Rejoined = { readonly seat: Seat; readonly answer: Answer };

/** Comes back into a room by an external commit that replaces the client's former leaf. */
export function rejoin({ person, room, hubKey, group }: Seat): Promise<Rejoined> {
  return comeIn(person, { room, hubKey }, { removeLeaf: group.ownLeaf });
}

/** Comes into a room by an external commit. */
export async function comeIn(
  person: Person,
  { room, hubKey }: Pick<RoomNames, "room" | "hubKey">,
  replaced: { readonly removeLeaf?: number } = {},
): Promise<Rejoined> {
  const asked = askGroupInfo(person, room);
  const sealed = await person.request("POST", paths.groupInfo(room), asked.request);
  accepted(sealed);
  const { groupInfo, ratchetTree, position } = asked.open(sealed.body);
  if (ratchetTree === undefined) throw new Error("no tree");
  const { prepared, group } = await joinExternal(person.context, person.identity, {
    groupInfo,
    ratchetTree,
    ...replaced,
    authenticatedData: encodeSafeAad({ treehouse: undefined, others: [] }),
    at: person.rig.env.now(),
  });
  const seat = new Seat(person, { room, hubKey }, group, position);
  const answer = await seat.update(seat.bundle(prepared));
  if (answer.refusal === undefined) {
    await group.adopt(prepared);
    seat.joinedBy = prepared.commit;
  }
  return { seat, answer };
}
