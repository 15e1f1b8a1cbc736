import { randomBytes } from "node:crypto";

import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import {
  clientListHash,
  countersignClientList,
  deviceSigningCertificateCodec,
  fromBase64Url,
  mintClientUri,
  parseAddress,
  type SignedClientList,
  signClientList,
  signedClientListCodec,
  toBase64Url,
  utf8Encode,
} from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

import { createIdentity } from "../../src/account/identity.ts";
import { password, startServer, type TestServer } from "../world/server.ts";
import { openTampered, type TamperedFetch } from "../world/tampered.ts";
import { heard, next } from "../world/waiting.ts";

let server: TestServer;

const random = (length: number) => new Uint8Array(randomBytes(length));
const crypto = createNodeCrypto({ random });
const vouching = crypto.generateSignatureKeyPair();
const carol = parseAddress("carol@localhost");

beforeAll(async () => {
  server = await startServer();
  await (await server.register("alice")).close();
});

afterAll(() => server[Symbol.asyncDispose]());

/** A chain of client lists of one user, signed right, and what branches off from it. */
function chainOf(user: typeof carol) {
  const made = createIdentity(crypto, user, Date.now());
  const certificate = deviceSigningCertificateCodec.decode(made.certificate);
  const sign = (message: Uint8Array) => crypto.sign(made.deviceSigningPrivateKey, message);
  const first = signedClientListCodec.decode(made.clientList);
  const after = ({ list }: SignedClientList) => {
    const added = {
      client: mintClientUri(user, random),
      signatureKey: random(32),
      addedAt: Date.now(),
      expiresAt: Date.now() + 1_000_000,
    };
    const clients = [...list.clients, added].toSorted((a, b) => (a.client < b.client ? -1 : 1));
    const previousHash = clientListHash(list);
    return signClientList(
      { user, version: list.version + 1, previousHash, clients },
      certificate,
      sign,
    );
  };
  return { first, after };
}

/** What a server answers of a user: a list that it vouches for, signed by the user or not. */
function answerOf(signed: SignedClientList): Uint8Array<ArrayBuffer> {
  const list = countersignClientList(signed, "k", (message) =>
    crypto.sign(vouching.privateKey, message),
  );
  const answer = {
    user: signed.list.user,
    clientList: toBase64Url(signedClientListCodec.encode(list)),
    countersigners: [{ kid: "k", key: toBase64Url(vouching.publicKey) }],
  };
  return utf8Encode(JSON.stringify(answer));
}

/** A server that says of a user what it likes. */
function liar(user: typeof carol) {
  const told: {
    list: SignedClientList | undefined;
    /** Those that it shows to whoever has missed some. */
    between?: readonly SignedClientList[];
  } = { list: undefined };
  const path = encodeURIComponent(user.replace("mimi://localhost/u/", "")) + "%40localhost";
  const fetch: TamperedFetch = async (request, ask) => {
    const { list, between = [] } = told;
    const [asked = ""] = request.url.split("?");
    if (list === undefined || !asked.includes(`/users/${path}`)) return ask(request);
    const { headers } = await ask({ ...request, url: `${server.url}/health` });
    if (!asked.endsWith("/client-lists")) return { status: 200, headers, body: answerOf(list) };
    const clientLists = between.map((one) => toBase64Url(signedClientListCodec.encode(one)));
    return { status: 200, headers, body: utf8Encode(JSON.stringify({ clientLists })) };
  };
  return { told, fetch };
}

test("T-09 a list set back, one in another's place, and one that does not follow are refused and told", async () => {
  const { first, after } = chainOf(carol);
  const second = after(first);
  const other = after(first);
  const { told, fetch } = liar(carol);
  await using alice = await openTampered(server, "alice", { fetch });
  const alarms = heard(alice, "identityAlarm");
  const find = (list: SignedClientList) => {
    told.list = list;
    return alice.contacts.find("carol@localhost");
  };
  expect((await find(first)).clients).toHaveLength(1);
  expect((await find(second)).clients).toHaveLength(2);
  for (const [list, kind] of [
    [first, "listRolledBack"],
    [other, "listForked"],
    [after(other), "listForked"],
    [{ ...second, signature: random(64) }, "listInvalid"],
  ] as const) {
    await expect(find(list)).rejects.toMatchObject({ code: "identityInvalid" });
    expect(alarms.at(-1)).toMatchObject({ kind, address: "carol@localhost" });
  }
  expect(alarms).toHaveLength(4);
  // What is true is still taken, and what comes after it.
  expect((await find(after(second))).clients).toHaveLength(3);
});

test("T-09 a client that the own server lists by itself is told at the next connection", async () => {
  const user = parseAddress("alice@localhost");
  const { told, fetch } = liar(user);
  await using alice = await openTampered(server, "alice", { fetch });
  await alice.caughtUp();
  expect((await alice.contacts.find("alice@localhost")).clients).toHaveLength(1);
  await alice.close();

  // The server has no key of Alice's: it lists a client under her name, signed by nobody.
  const { first, after } = chainOf(user);
  told.list = { ...after(first), certificate: first.certificate, signature: random(64) };
  await using again = await openTampered(server, "alice", { fetch });
  const unsigned = await next(again, "identityAlarm");
  expect(unsigned).toMatchObject({ kind: "listInvalid", address: "alice@localhost" });
  await again.close();

  // Or it puts keys of its own in the place of hers.
  told.list = after(first);
  await using third = await openTampered(server, "alice", { fetch });
  expect(await next(third, "identityAlarm")).toMatchObject({
    kind: "keyChanged",
    address: "alice@localhost",
  });
});

test("T-09 versions that were missed are asked for, and each must follow from the one before", async () => {
  const dave = parseAddress("dave@localhost");
  const { first, after } = chainOf(dave);
  const { told, fetch } = liar(dave);
  await using alice = await openTampered(server, "alice", { fetch });
  const alarms = heard(alice, "identityAlarm");
  const find = (list: SignedClientList, between: readonly SignedClientList[]) => {
    Object.assign(told, { list, between });
    return alice.contacts.find("dave@localhost");
  };
  await find(first, []);
  const [second, fork] = [after(first), after(first)];
  const third = after(second);
  // Signed right, but upon a version that is not shown, is another one, or is left out.
  for (const between of [[], [third], [fork, third], [second, after(second)], [second, fork]]) {
    await expect(find(third, between)).rejects.toMatchObject({ code: "identityInvalid" });
    expect(alarms.at(-1)).toMatchObject({ kind: "listForked", address: "dave@localhost" });
  }
  expect(alarms).toHaveLength(5);
  expect((await find(third, [second, third])).clients).toHaveLength(3);

  // Two lists of one version are proof, whoever holds them.
  const other = after(second);
  await expect(find(other, [])).rejects.toMatchObject({ code: "identityInvalid" });
  const evidence = alarms
    .at(-1)
    ?.evidence?.map((list) => signedClientListCodec.decode(fromBase64Url(list)));
  expect(evidence?.map(({ list }) => list)).toEqual([third.list, other.list]);
});

test("versions of a list that were missed are shown, and a later one is believed", async () => {
  const erin = await server.register("erin");
  await using alice = await openTampered(server, "alice", {});
  expect((await alice.contacts.find("erin@localhost")).clients).toHaveLength(1);
  for (const name of ["second", "third"]) {
    const store = server.path(`erin-${name}`);
    await (await server.open("erin", { store, password, login: true })).close();
  }
  expect((await alice.contacts.find("erin@localhost")).clients).toHaveLength(3);
  await erin.close();
});
