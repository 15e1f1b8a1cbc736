import { randomBytes } from "node:crypto";

import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import {
  type Bytes,
  clientListHash,
  countersignClientList,
  fromBase64Url,
  mintClientUri,
  parseAddress,
  type SignedClientList,
  signClientList,
  signedClientListCodec,
  toBase64Url,
  userAnswerSchema,
  utf8Decode,
  utf8Encode,
} from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

import { readAccount, type StoredAccount } from "../../src/account/index.ts";
import type { Client } from "../../src/node.ts";
import { openLocalStore } from "../../src/storage/index.ts";
import { openNodeStore } from "../../src/storage-sqlite/index.ts";
import { password, startServer, type TestServer } from "../world/server.ts";
import { openTampered, type TamperedFetch } from "../world/tampered.ts";
import { founded, heard, joinedBy, until } from "../world/waiting.ts";

const random = (length: number) => new Uint8Array(randomBytes(length));
const crypto = createNodeCrypto({ random });
const vouching = crypto.generateSignatureKeyPair();

let server: TestServer;
let alice: Client;
let bob: Client;
/** What Alice's server says of her; undefined lets it say the truth. */
let said: ((truth: SignedClientList) => SignedClientList) | undefined;

beforeAll(async () => {
  server = await startServer();
  alice = await server.register("alice");
  await (await server.register("bob")).close();
  bob = await openTampered(server, "bob", { fetch: lying });
});

afterAll(() => server[Symbol.asyncDispose]());

/** Bob's and Alice's server, which vouches for whatever it says. */
const lying: TamperedFetch = async (request, ask) => {
  const response = await ask(request);
  if (said === undefined || !request.url.includes("/users/alice%40localhost")) return response;
  const answer = userAnswerSchema.parse(JSON.parse(utf8Decode(response.body)));
  const truth = signedClientListCodec.decode(fromBase64Url(answer.clientList));
  const list = countersignClientList(said(truth), "k", (message) =>
    crypto.sign(vouching.privateKey, message),
  );
  const countersigners = [{ kid: "k", key: toBase64Url(vouching.publicKey) }];
  const clientList = toBase64Url(signedClientListCodec.encode(list));
  return {
    ...response,
    body: utf8Encode(JSON.stringify({ ...answer, clientList, countersigners })),
  };
};

/** All that is in the store of a client that fell into other hands, but the password. */
async function stolen(path: string): Promise<StoredAccount> {
  const { database, key } = await openNodeStore(path, undefined, random);
  const store = await openLocalStore(database, key, random);
  const account = await store.transaction((tx) => readAccount(tx));
  await store.close();
  if (account === undefined) throw new Error("there is no account in the store");
  return account;
}

/** The list before with a client of the thief's own, signed with the key that was stolen. */
function forged({ deviceSigningPrivateKey }: StoredAccount, after: SignedClientList) {
  const { list, certificate } = after;
  const user = parseAddress("alice@localhost");
  const added = {
    client: mintClientUri(user, random),
    signatureKey: crypto.generateSignatureKeyPair().publicKey,
    addedAt: Date.now(),
    expiresAt: Date.now() + 1_000_000,
  };
  const clients = [...list.clients, added].toSorted((a, b) => (a.client < b.client ? -1 : 1));
  const next = { user, version: list.version + 1, previousHash: clientListHash(list), clients };
  const sign = (message: Uint8Array): Bytes => crypto.sign(deviceSigningPrivateKey, message);
  return signClientList(next, certificate, sign);
}

test("T-09 R-028 a server that withholds a revocation, or lets the stolen key go on, is told", async () => {
  const store = server.path("lost");
  const lost = await server.open("alice", { store, password, login: true });
  const room = (await founded(alice, "room", [bob]))[0]?.id ?? "";
  await joinedBy(lost, room);
  let before: SignedClientList | undefined;
  said = (truth) => (before = truth);
  expect((await bob.contacts.find("alice@localhost")).clients).toHaveLength(2);
  said = undefined;
  await lost.close();
  const thief = await stolen(store);
  await alice.clients.revoke(lost.me.client, { password });
  // Bob asks for no list; what he sees in the room is enough.
  const conversation = await bob.conversations.get(room);
  await until(bob, async () =>
    (await conversation.members()).every(({ clients }) => !clients.includes(lost.me.client)),
  );

  const alarms = heard(bob, "identityAlarm");
  const old = before;
  if (old === undefined) throw new Error("no list was seen");
  for (const lie of [old, forged(thief, old)]) {
    said = () => lie;
    await expect(bob.contacts.find("alice@localhost")).rejects.toMatchObject({
      code: "identityInvalid",
    });
    expect(alarms.at(-1)).toMatchObject({ kind: "listRolledBack", address: "alice@localhost" });
  }
  expect(alarms).toHaveLength(2);
  said = undefined;
  expect((await bob.contacts.find("alice@localhost")).clients).toEqual([alice.me.client]);
});
