import { randomBytes } from "node:crypto";

import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import { createKeyPackage } from "@treehouse/mls/member";
import {
  attestationCodec,
  countersignClientList,
  deviceSigningCertificateCodec,
  fromBase64Url,
  keyMaterialResponseCodec,
  leafIdentityCodec,
  parseAddress,
  type SignedClientList,
  signedClientListCodec,
  toBase64Url,
  userAnswerSchema,
  utf8Decode,
  utf8Encode,
} from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

import { createIdentity } from "../../src/account/identity.ts";
import type { Client } from "../../src/node.ts";
import { startServer, type TestServer } from "../world/server.ts";
import { openTampered, type TamperedFetch, type Tampering } from "../world/tampered.ts";
import { joinedBy } from "../world/waiting.ts";

let server: TestServer;

const crypto = createNodeCrypto({ random: (length) => new Uint8Array(randomBytes(length)) });

/** Alice has met Bob before the server turns hostile. */
beforeAll(async () => {
  server = await startServer();
  await using alice = await server.register("alice");
  await using bob = await server.register("bob");
  const room = await alice.conversations.create({ members: ["bob@localhost"] });
  await joinedBy(bob, room.id);
});

afterAll(() => server[Symbol.asyncDispose]());

async function withAlice(tampering: Tampering, act: (client: Client) => Promise<void>) {
  await using client = await openTampered(server, "alice", tampering);
  await client.caughtUp();
  await act(client);
}

test("T-09 a client that is not in the user's signed list is not added", async () => {
  await withAlice({ fetch: ghostDevice }, async (client) => {
    const creating = client.conversations.create({ name: "trap", members: ["bob@localhost"] });
    await expect(creating).rejects.toMatchObject({ code: "identityInvalid" });
    const [trap] = (await client.conversations.list()).filter(({ name }) => name === "trap");
    expect(trap?.members.map(({ address }) => address)).toEqual(["alice@localhost"]);
    expect(trap?.epoch).toBe(0);
  });
});

test("T-09 a user who shows another identity key than the pinned one is not added", async () => {
  const fetch: TamperedFetch = async (request, ask) => {
    const answer = await ask(request);
    if (!request.url.endsWith(encodeURIComponent("bob@localhost"))) return answer;
    const forged = createIdentity(crypto, parseAddress("bob@localhost"), Date.now());
    const json = vouchedAnew(signedClientListCodec.decode(forged.clientList));
    return { ...answer, body: utf8Encode(JSON.stringify(json)) };
  };
  await withAlice({ fetch }, async (client) => {
    await expect(client.contacts.find("bob@localhost")).rejects.toMatchObject({
      code: "identityInvalid",
    });
    const creating = client.conversations.create({ name: "pins", members: ["bob@localhost"] });
    await expect(creating).rejects.toMatchObject({ code: "identityInvalid" });
  });
});

test("R-014 a client whom the user's server does not vouch for is not added", async () => {
  const fetch: TamperedFetch = async (request, ask) => {
    const answer = await ask(request);
    if (!request.url.endsWith(encodeURIComponent("bob@localhost"))) return answer;
    const { clientList } = userAnswerSchema.parse(JSON.parse(utf8Decode(answer.body)));
    // The list is the true one, and with its new key the server vouches for it, but not for clients.
    const json = vouchedAnew(signedClientListCodec.decode(fromBase64Url(clientList)));
    return { ...answer, body: utf8Encode(JSON.stringify(json)) };
  };
  await withAlice({ fetch }, async (client) => {
    expect(await client.contacts.find("bob@localhost")).toMatchObject({
      user: "mimi://localhost/u/bob",
    });
    const creating = client.conversations.create({ name: "vouch", members: ["bob@localhost"] });
    await expect(creating).rejects.toMatchObject({
      code: "identityInvalid",
      message: expect.stringContaining("vouch"),
    });
  });
});

/** What a server answers of a user that vouches for the list with another key than before. */
function vouchedAnew(signed: SignedClientList) {
  const { privateKey, publicKey } = crypto.generateSignatureKeyPair();
  const list = countersignClientList(signed, "new", (message) => crypto.sign(privateKey, message));
  return {
    user: signed.list.user,
    clientList: toBase64Url(signedClientListCodec.encode(list)),
    countersigners: [{ kid: "new", key: toBase64Url(publicKey) }],
  };
}

/** Hands out a client that the server has made for bob by itself. */
const ghostDevice: TamperedFetch = async (request, ask) => {
  const answer = await ask(request);
  if (!request.url.endsWith("/v1/key-material")) return answer;
  const response = keyMaterialResponseCodec.decode(answer.body);
  const bobs = parseAddress("bob@localhost");
  expect(response.clients.map(({ status }) => status)).toEqual(["success"]);
  const made = createIdentity(crypto, bobs, Date.now());
  const { client, signaturePrivateKey, signaturePublicKey } = made;
  const leafIdentity = leafIdentityCodec.encode({
    certificate: deviceSigningCertificateCodec.decode(made.certificate),
    attestation: attestationCodec.decode(made.attestation),
    countersignature: new Uint8Array(64),
    countersigner: "ghost",
  });
  const ghost = { client, signaturePrivateKey, signaturePublicKey, leafIdentity };
  const { keyPackage } = await createKeyPackage({ crypto, now: () => Date.now() }, ghost, {
    lifetimeMs: 1_000_000,
    lastResort: false,
  });
  const clients = [{ status: "success" as const, client, keyPackage }];
  return { ...answer, body: keyMaterialResponseCodec.encode({ ...response, clients }) };
};
