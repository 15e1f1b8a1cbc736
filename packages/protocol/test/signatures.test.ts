import { expect, test } from "vitest";
import {
  loginProofMessage,
  requestProofMessage,
  mintClientUri,
  mintRoomUri,
  parseDomain,
  signGroupInfoRequest,
  signGroupInfoResponse,
  signHead,
  signKeyMaterialRequest,
  toHex,
  userUri,
  verifyGroupInfoRequest,
  verifyGroupInfoResponse,
  verifyHead,
  verifyKeyMaterialRequest,
} from "../src/index.ts";
import { keyPairOf, verifyEd25519 } from "./ed25519.ts";

const key = keyPairOf(1);
const stranger = keyPairOf(2);
const domain = parseDomain("a.example");
const room = mintRoomUri(domain, (length) => new Uint8Array(length));
const otherRoom = mintRoomUri(domain, (length) => new Uint8Array(length).fill(1));
const alice = userUri(domain, "alice");
const verify = verifyEd25519;
const credential = { identity: Uint8Array.of(1) };

test("FED-210 a head is the hub key's, in every field", () => {
  const hash = new Uint8Array(32);
  const head = { room, generation: 1, term: 1, position: 4, hash, epoch: 2, treeHash: hash };
  const signed = signHead(head, key.sign);
  const { signature } = signed;
  expect(verifyHead(signed, key.publicKey, verify)).toBe(true);
  expect(verifyHead(signed, stranger.publicKey, verify)).toBe(false);
  const other = new Uint8Array(32).fill(1);
  const changes = [
    { room: otherRoom },
    { generation: 2 },
    { term: 2 },
    { position: 5 },
    { hash: other },
    { epoch: 3 },
    { treeHash: other },
  ];
  for (const change of changes) {
    const forged = { head: { ...head, ...change }, signature };
    expect(verifyHead(forged, key.publicKey, verify)).toBe(false);
  }
});

test("FED-211 two signed heads of one position prove a fork, whatever it is that differs", () => {
  const hash = new Uint8Array(32);
  const head = { room, generation: 1, term: 1, position: 4, hash, epoch: 2, treeHash: hash };
  const other = new Uint8Array(32).fill(1);
  const signed = signHead(head, key.sign);
  for (const change of [{ hash: other }, { epoch: 3 }, { treeHash: other }]) {
    const twin = signHead({ ...head, ...change }, key.sign);
    for (const one of [signed, twin]) expect(verifyHead(one, key.publicKey, verify)).toBe(true);
    expect(toHex(twin.signature)).not.toBe(toHex(signed.signature));
  }
});

test("FED-250 a request for KeyPackages cannot be changed on its way", () => {
  const request = signKeyMaterialRequest(
    {
      requestingUser: alice,
      targetUser: userUri(domain, "bob"),
      room,
      acceptableCiphersuites: [1],
      requiredCapabilities: { extensions: [], proposals: [], credentials: [] },
      requesterSignatureKey: key.publicKey,
      requesterCredential: credential,
    },
    key.sign,
  );
  expect(verifyKeyMaterialRequest(request, verify)).toBe(true);
  expect(verifyKeyMaterialRequest({ ...request, room: undefined }, verify)).toBe(false);
  expect(verifyKeyMaterialRequest({ ...request, targetUser: alice }, verify)).toBe(false);
});

test("FED-260 a request for a GroupInfo holds for one room", () => {
  const request = signGroupInfoRequest(
    {
      ciphersuite: 1,
      requestingSignatureKey: key.publicKey,
      requestingCredential: credential,
      groupInfoPublicKey: Uint8Array.of(1),
      joiningCode: undefined,
    },
    room,
    key.sign,
  );
  expect(verifyGroupInfoRequest(request, room, verify)).toBe(true);
  expect(verifyGroupInfoRequest(request, otherRoom, verify)).toBe(false);
});

test("the answer with a GroupInfo is the hub's, for one room", () => {
  const response = signGroupInfoResponse(
    {
      status: "success",
      room,
      ciphersuite: 1,
      hubKey: key.publicKey,
      hubCredential: credential,
      sealed: { kemOutput: Uint8Array.of(1), ciphertext: Uint8Array.of(2) },
    },
    key.sign,
  );
  expect(verifyGroupInfoResponse(response, verify)).toBe(true);
  expect(verifyGroupInfoResponse({ ...response, room: otherRoom }, verify)).toBe(false);
});

test("FED-309 a login proof names server, login and client", () => {
  const client = mintClientUri(alice, (length) => new Uint8Array(length));
  const proof = { server: domain, loginId: "one", client };
  const messages = [
    loginProofMessage(proof),
    loginProofMessage({ ...proof, server: parseDomain("b.example") }),
    loginProofMessage({ ...proof, loginId: "two" }),
    loginProofMessage({
      ...proof,
      client: mintClientUri(userUri(domain, "bob"), () => new Uint8Array(16)),
    }),
  ];
  expect(new Set(messages.map(toHex)).size).toBe(messages.length);
});

test("R-026 a request's proof names server, challenge, client and all of the request", () => {
  const client = mintClientUri(alice, (length) => new Uint8Array(length));
  const body = Uint8Array.of(1);
  const proof = { server: domain, challenge: "c", client, method: "POST", path: "/v1/x", body };
  const messages = [
    proof,
    { ...proof, server: parseDomain("b.example") },
    { ...proof, challenge: "d" },
    { ...proof, client: mintClientUri(alice, () => Uint8Array.from({ length: 16 }, () => 1)) },
    { ...proof, method: "PUT" },
    { ...proof, path: "/v1/x?y" },
    { ...proof, body: Uint8Array.of(2) },
  ].map((each) => toHex(requestProofMessage(each)));
  expect(new Set(messages).size).toBe(messages.length);
});
