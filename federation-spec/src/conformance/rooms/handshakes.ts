import {
  domainOf,
  forwardedRequestCodec,
  groupInfoPlaintextCodec,
  groupInfoRequestCodec,
  groupInfoResponseCodec,
  LABELS,
  signedBytes,
  signGroupInfoRequest,
  updateRoomResponseCodec,
  utf8Decode,
  utf8Encode,
  verifyGroupInfoResponse,
} from "@treehouse/protocol";
import type {
  Bytes,
  ClientUri,
  GroupInfoPlaintext,
  HandshakeRule,
  RoomUri,
} from "@treehouse/protocol";
import type { Member } from "../clients/member.ts";
import type { Answer } from "../http/answer.ts";
import { agree, ensure, Failed } from "../outcome.ts";
import type { PeerServer } from "../peers/server.ts";
import { verifySignature } from "../../signing-keys.ts";

/** What a hub made of a handshake, in whichever of its two forms it said so (FED-926). */
export type Judged =
  | { readonly accepted: true; readonly position: number }
  | { readonly accepted: false; readonly code: string; readonly currentEpoch?: number };

/** Forwards a client's UpdateRequest to the tested server. */
export async function update(
  peer: PeerServer,
  room: RoomUri,
  client: ClientUri,
  request: Bytes,
): Promise<Answer> {
  const body = forwardedRequestCodec.encode({ client, request });
  return peer.ask({ endpoint: "update", value: room, body });
}

export function judged(answer: Answer): Judged {
  const { code } = answer;
  if (code !== undefined) return { accepted: false, code, ...epochIn(answer) };
  const response = answer.struct("a handshake", updateRoomResponseCodec);
  if (response.code === "success") return { accepted: true, position: response.position };
  if (response.code === "claim") throw new Error("A handshake was answered with a claim.");
  const epoch = response.code === "wrongEpoch" ? { currentEpoch: response.currentEpoch } : {};
  return { accepted: false, code: response.reason, ...epoch };
}

function epochIn(answer: Answer): { readonly currentEpoch?: number } {
  const currentEpoch = answer.member("currentEpoch");
  return typeof currentEpoch === "number" ? { currentEpoch } : {};
}

/** Fails unless the hub refused the handshake with one of the codes. */
export function refusedHandshake(what: string, answer: Answer, ...codes: readonly string[]): void {
  const verdict = judged(answer);
  if (verdict.accepted) throw new Failed(`${what}: it was accepted`);
  ensure(
    codes.includes(verdict.code),
    `${what}: expected ${codes.join(" or ")}, got ${verdict.code}`,
  );
}

/** Fails unless a refusal by problem details, which alone can, names the rule of page 13. */
export function namesRule(what: string, answer: Answer, rule: HandshakeRule): void {
  if (answer.code === undefined) return;
  agree(`the rule that ${what} breaks`, answer.member("rule"), rule);
}

/** A request for a room's GroupInfo, and what opens its answer. */
export function askGroupInfo(
  member: Member,
  room: RoomUri,
  joiningCode?: Bytes,
): {
  readonly request: Bytes;
  readonly open: (answer: Bytes, hubKey: Bytes) => GroupInfoPlaintext;
} {
  const { driver, person } = member;
  const keys = driver.hpke.generateKeyPair();
  const request = signGroupInfoRequest(
    {
      ciphersuite: 1,
      requestingSignatureKey: person.keys.publicKey,
      requestingCredential: { identity: utf8Encode(person.client) },
      groupInfoPublicKey: keys.publicKey,
      joiningCode,
    },
    room,
    person.keys.sign,
  );
  return {
    request: groupInfoRequestCodec.encode(request),
    open(answer, hubKey) {
      const response = groupInfoResponseCodec.decode(answer);
      if (response.status !== "success") throw new Failed(`a GroupInfo is ${response.status}`);
      ensure(verifyGroupInfoResponse(response, verifySignature), "a GroupInfo is not signed");
      ensure(
        response.hubKey.every((octet, at) => octet === hubKey[at]),
        "a GroupInfo is signed by another key than the hub's",
      );
      ensure(
        utf8Decode(response.hubCredential.identity) === domainOf(room),
        "a GroupInfo has another hub's credential",
      );
      const info = signedBytes(LABELS.groupInfoSealing, utf8Encode(room));
      return groupInfoPlaintextCodec.decode(
        driver.hpke.open(keys.privateKey, response.sealed, info),
      );
    },
  };
}
