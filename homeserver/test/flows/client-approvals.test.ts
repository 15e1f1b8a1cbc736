/** What the approval of another client is good for at the server, and what not. */
import {
  attestationCodec,
  clientAdditionAnswerSchema,
  clientApprovalAnswerSchema,
  clientListHash,
  fromBase64Url,
  loginProofMessage,
  mintClientUri,
  parseDomain,
  paths,
  signAttestation,
  signClientList,
  signedClientListCodec,
  toBase64Url,
} from "@treehouse/protocol";
import { expect, test } from "vitest";
import { ask, askProved } from "../people/ask.ts";
import type { Answer } from "../people/ask.ts";
import { createPerson, testCrypto } from "../people/person.ts";
import type { Deviation } from "../people/person.ts";
import { register } from "../people/sign-in.ts";
import { openSmallServer } from "../people/small-server.ts";

const password = "correct horse battery staple";
const codeOf = ({ refusal, status }: Answer) => refusal?.code ?? status;

async function world(deviation: Deviation = {}) {
  const server = await openSmallServer({ registration: "open" });
  const { url } = server;
  const alice = createPerson("alice", deviation);
  const { clientList, session } = await register(url, alice, { password });
  const { token } = session;
  const client = mintClientUri(alice.user, (length) => testCrypto.random(length));
  const keys = testCrypto.generateSignatureKeyPair();
  const path = paths.clientApprovals();
  const approve = (other: string = client) =>
    askProved(alice, url, path, { token, json: { client: other } });
  const proofIdOf = (answer: Answer) => clientApprovalAnswerSchema.parse(answer.json).proofId;
  /** The new client brings the list that names it, signed by `signer`. */
  const add = (proofId: string, signer = alice.deviceSigningKeys) => {
    const { certificate, list } = signedClientListCodec.decode(fromBase64Url(clientList));
    const now = server.now();
    const sign = (message: Uint8Array) => testCrypto.sign(signer.privateKey, message);
    const listed = { client, signatureKey: keys.publicKey, addedAt: now, expiresAt: now + 1e9 };
    const clients = [...list.clients, listed].toSorted((a, b) => (a.client < b.client ? -1 : 1));
    const next = { ...list, version: 2, previousHash: clientListHash(list), clients };
    const proof = loginProofMessage({
      server: parseDomain("example.org"),
      loginId: proofId,
      client,
    });
    const json = {
      proofId,
      clientList: toBase64Url(
        signedClientListCodec.encode(signClientList(next, certificate, sign)),
      ),
      attestation: toBase64Url(
        attestationCodec.encode(signAttestation({ ...listed, number: 1 }, sign)),
      ),
      proof: toBase64Url(testCrypto.sign(keys.privateKey, proof)),
    };
    return ask(url, paths.clients(), { json });
  };
  return { server, url, alice, token, client, keys, path, approve, proofIdOf, add };
}

test("R-027 an approved client gets its first session by its own key and the user's signature, once", async () => {
  const { server, url, client, keys, approve, proofIdOf, add, alice } = await world();
  await using _ = server;
  const unsigned = await add(proofIdOf(await approve()), alice.clientKeys);
  expect(codeOf(unsigned)).toBe("identityInvalid");
  const proofId = proofIdOf(await approve());
  const spare = proofIdOf(await approve());
  const { session } = clientAdditionAnswerSchema.parse((await add(proofId)).json);
  const own = await ask(url, paths.session(), { token: session.token });
  expect(own.json).toMatchObject({ user: alice.user, client });
  expect(codeOf(await add(proofId))).toBe("loginFailed");
  expect(codeOf(await approve())).toBe("conflict");
  // To be approved is no proof of a password, with which a recovery key could be put in place.
  const json = { ...recoveryKey(), proofId: spare };
  const recovery = { method: "PUT", token: session.token, json } as const;
  const signer = { ...alice, client, clientKeys: keys };
  expect(codeOf(await askProved(signer, url, paths.recovery(), recovery))).toBe("loginFailed");
});

test("T-12 to approve takes the client's own key, for a client of the same user that is not there", async () => {
  const { server, url, alice, token, client, path, approve } = await world();
  await using _ = server;
  const stolen = await ask(url, path, { token, json: { client } });
  expect(codeOf(stolen)).toBe("proofRequired");
  const bobs = mintClientUri(createPerson("bob").user, (length) => testCrypto.random(length));
  expect(codeOf(await approve(bobs))).toBe("clientMismatch");
  expect(codeOf(await approve(alice.client))).toBe("conflict");
});

test("an approval ends with the client that gave it", async () => {
  const expiresAt = Date.now() + 120_000;
  const { server, approve, proofIdOf, add } = await world({ expiresAt });
  await using _ = server;
  const late = proofIdOf(await approve());
  server.advance(121_000);
  expect(codeOf(await add(late))).toBe("loginFailed");
});

function recoveryKey() {
  return {
    expectedVersion: 0,
    verificationKey: toBase64Url(testCrypto.generateSignatureKeyPair().publicKey),
    sealedCopy: toBase64Url(new Uint8Array(296)),
  };
}
