/** A new client that another one lets in, over a server that may do with their messages what it likes. */
import { client as opaqueClient, ready, server as opaqueServer } from "@serenity-kit/opaque";
import { fromBase64Url, toBase64Url, utf8Decode, utf8Encode } from "@treehouse/protocol";
import type { HttpRequest } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";

import type { Client, ClientOptions } from "../../src/node.ts";
import { befriend } from "../world/friends.ts";
import { password } from "../world/server.ts";
import { type FederatedServers, startServers } from "../world/servers.ts";
import { openTampered, type TamperedFetch } from "../world/tampered.ts";
import { founded, joinedBy, reads } from "../world/waiting.ts";

let servers: FederatedServers;
let alice: Client;
let bob: Client;
/** What the own server does to requests of Alice's first client. */
let atOld: TamperedFetch = (request, ask) => ask(request);
const honest = atOld;

beforeAll(async () => {
  servers = await startServers("one.example", "two.example");
  await servers
    .at(0)
    .register("alice")
    .then((client) => client.close());
  const options = { account: "alice@one.example" };
  const fetch: TamperedFetch = (request, ask) => atOld(request, ask);
  alice = await openTampered(servers.at(0), "alice", { fetch }, options);
  bob = await servers.at(1).register("bob");
  await befriend(bob, alice);
});

afterAll(async () => {
  for (const at of [0, 1]) for (const client of servers.at(at).clients) await client.close();
  await servers[Symbol.asyncDispose]();
});

let made = 0;

/** A new client that shows its code and waits; `opened` is how that ends. */
async function waiting(kind: "code" | "qr", fetch: TamperedFetch = honest) {
  const { promise: text, reject, resolve: show } = Promise.withResolvers<string>();
  made += 1;
  const options: Partial<ClientOptions> = {
    account: "alice@one.example",
    store: servers.at(0).path(`new-${made}`),
    clientName: "the new one",
    login: true,
    approval: { kind, show: (shown) => show(shown.text) },
  };
  const opened = openTampered(servers.at(0), "alice", { fetch }, options);
  opened.catch(reject);
  return { opened, text: await text };
}

const failed = (reason: string) => ({ code: "approvalFailed", data: { reason } });

test("R-027 a client is let in by a code that is typed, or read, and reads on in all rooms", async () => {
  const rooms = [
    (await founded(alice, "here", [bob]))[0]?.id ?? "",
    (await founded(bob, "there", [alice]))[0]?.id ?? "",
  ];
  for (const kind of ["code", "qr"] as const) {
    const { opened, text } = await waiting(kind);
    const request = await alice.clients.review(text);
    expect(request).toEqual({ client: expect.any(String), clientName: "the new one" });
    await alice.clients.approve(request);
    const fresh = await opened;
    expect(fresh.me.client).toBe(request.client);
    for (const room of rooms) await joinedBy(fresh, room);
    for (const room of rooms) await (await bob.conversations.get(room)).send(`${kind} in ${room}`);
    for (const room of rooms) await reads(fresh, room, `${kind} in ${room}`);
    expect(await fresh.clients.list()).toContainEqual(
      expect.objectContaining({ client: alice.me.client, current: false }),
    );
    // It is a client like any other: it lets the next one in.
    if (kind === "code") {
      const next = await waiting("code");
      await fresh.clients.approve(await fresh.clients.review(next.text));
      await (await next.opened).close();
    }
    // A code is used up by what it was for.
    await expect(alice.clients.review(text)).rejects.toMatchObject(failed("unknownCode"));
    await fresh.close();
  }
});

test("R-028 after a revocation by another client it takes the password once to let in one more", async () => {
  const server = servers.at(0);
  const open = (name: string) =>
    server.open("alice", { store: server.path(name), password, login: true });
  const other = await open("other");
  const lost = await open("lost");
  await lost.close();
  await other.clients.revoke(lost.me.client, { password });
  const refused = await waiting("code");
  const request = await alice.clients.review(refused.text);
  await expect(alice.clients.approve(request)).rejects.toMatchObject({
    code: "conflict",
    message: expect.stringContaining("log in with the password"),
  });
  await expect(refused.opened).rejects.toMatchObject({ code: "approvalFailed" });
  await alice.close();
  const fetch: TamperedFetch = (sent, ask) => atOld(sent, ask);
  await (await server.open("alice", { password, login: true })).close();
  alice = await openTampered(server, "alice", { fetch }, { account: "alice@one.example" });
  const { opened, text } = await waiting("code");
  await alice.clients.approve(await alice.clients.review(text));
  await (await opened).close();
  await other.close();
});

test("a wrong code is used up, and both sides are told what to do", async () => {
  const before = (await alice.clients.list()).length;
  const { opened, text } = await waiting("code");
  const wrong = await otherSecret(text);
  const refused = { ...failed("wrongCode"), help: expect.stringContaining("Begin again") };
  await expect(alice.clients.review(wrong)).rejects.toMatchObject(refused);
  await expect(opened).rejects.toMatchObject(refused);
  await expect(alice.clients.review(text)).rejects.toMatchObject(failed("unknownCode"));
  // A slip of the finger, and a code of nobody, use nothing up.
  const next = await waiting("code");
  const slip = { code: "malformed" };
  await expect(alice.clients.review(next.text.slice(1))).rejects.toMatchObject(slip);
  const request = await alice.clients.review(next.text);
  await alice.clients.decline(request);
  await expect(next.opened).rejects.toMatchObject(failed("declined"));
  await expect(alice.clients.approve(request)).rejects.toMatchObject({ code: "notFound" });
  expect(await alice.clients.list()).toHaveLength(before);
});

test("a code whose time is over is told on both sides", async () => {
  // What the server says of a mailbox that is over it says of any that there is not.
  const over: TamperedFetch = (request, ask) =>
    ask({ ...request, url: request.url.replace(/rendezvous\/[^/]+\//, "rendezvous/over/") });
  const { opened, text } = await waiting("code", over);
  await expect(opened).rejects.toMatchObject(failed("expired"));
  atOld = over;
  await expect(alice.clients.review(text)).rejects.toMatchObject(failed("unknownCode"));
  atOld = honest;
});

/** A code for the same mailbox that passes its own check. */
async function otherSecret(text: string): Promise<string> {
  const { createCode, parseCode } = await import("../../src/account/approval/code.ts");
  const { mailbox, secret } = parseCode(text);
  const where = { mailbox, domain: servers.at(0).domain };
  for (let fill = 0; ; fill += 1) {
    const other = createCode((length) => new Uint8Array(length).fill(fill), "code", where);
    if (other.code.secret !== secret) return other.text;
  }
}

test("nobody else's client gets to a code, nor one of another server", async () => {
  const carol = await servers.at(0).register("carol");
  const { opened, text } = await waiting("qr");
  await expect(carol.clients.review(text)).rejects.toMatchObject(failed("unknownCode"));
  await expect(bob.clients.review(text)).rejects.toMatchObject({ code: "misdirected" });
  await alice.clients.decline(await alice.clients.review(text));
  await expect(opened).rejects.toMatchObject(failed("declined"));
});

const turnSchema = z.object({ put: z.object({ at: z.int(), message: z.string() }).optional() });

/** The message of a step, if it brings one. */
function messageOf({ body, url }: HttpRequest) {
  if (!url.includes("/v1/rendezvous/") || body === undefined) return undefined;
  return turnSchema.parse(JSON.parse(utf8Decode(body))).put;
}

/** The server hands on another message in the place of the one with this number. */
const swapping =
  (at: number, swap: (message: string) => string): TamperedFetch =>
  (request, ask) => {
    const put = messageOf(request);
    if (put?.at !== at || request.body === undefined) return ask(request);
    const body = JSON.parse(utf8Decode(request.body));
    const changed = { ...body, put: { at, message: swap(put.message) } };
    return ask({ ...request, body: utf8Encode(JSON.stringify(changed)) });
  };

/** The last octet is another one: of the messages in clear their MAC, of the others their tag. */
function flipped(message: string): string {
  const bytes = fromBase64Url(message);
  const last = bytes.length - 1;
  return toBase64Url(bytes.with(last, (bytes[last] ?? 0) ^ 1));
}

test("T-09 a server that changes any message of the two gets nothing, and both sides refuse", async () => {
  const before = (await alice.clients.list()).length;
  const approvingSays = [0, 2, 4];
  for (const at of [0, 1, 2, 3, 4]) {
    const isOld = approvingSays.includes(at);
    const swap = swapping(at, flipped);
    atOld = isOld ? swap : honest;
    const { opened, text } = await waiting("code", isOld ? honest : swap);
    const entered = alice.clients.review(text).then((request) => alice.clients.approve(request));
    await expect(entered).rejects.toMatchObject({ code: "approvalFailed" });
    await expect(opened).rejects.toMatchObject({ code: "approvalFailed" });
  }
  atOld = honest;
  expect(await alice.clients.list()).toHaveLength(before);
});

test("T-09 a server that plays each side to the other needs the code, and has one guess", async () => {
  await ready;
  const before = (await alice.clients.list()).length;
  // As the new client, towards Alice: an OPAQUE server with a record for a guessed secret.
  const serverSetup = opaqueServer.createSetup();
  const registration = opaqueClient.startRegistration({ password: "AAAAA" });
  const { registrationResponse } = opaqueServer.createRegistrationResponse({
    serverSetup,
    userIdentifier: "approving client",
    registrationRequest: registration.registrationRequest,
  });
  const { registrationRecord } = opaqueClient.finishRegistration({
    ...registration,
    registrationResponse,
    password: "AAAAA",
  });
  let first = "";
  atOld = (request, ask) => {
    first = messageOf(request)?.message ?? first;
    return ask(request);
  };
  const asNew = swapping(1, () => {
    const login = { serverSetup, registrationRecord, startLoginRequest: first };
    return opaqueServer.startLogin({ ...login, userIdentifier: "approving client" }).loginResponse;
  });
  const one = await waiting("code", asNew);
  await expect(alice.clients.review(one.text)).rejects.toMatchObject(failed("wrongCode"));
  await expect(one.opened).rejects.toMatchObject({ code: "approvalFailed" });
  // As Alice, towards the new client: an OPAQUE client with a guessed secret.
  const guess = opaqueClient.startLogin({ password: "AAAAA" });
  atOld = swapping(0, () => guess.startLoginRequest);
  const two = await waiting("code");
  await expect(alice.clients.review(two.text)).rejects.toMatchObject(failed("wrongCode"));
  await expect(two.opened).rejects.toMatchObject(failed("wrongCode"));
  atOld = honest;
  expect(await alice.clients.list()).toHaveLength(before);
});

test("no key of the account is in what the server is sent while a client is let in", async () => {
  const sent: string[] = [];
  const listening: TamperedFetch = (request, ask) => {
    sent.push(request.url, utf8Decode(request.body ?? new Uint8Array()));
    return ask(request);
  };
  atOld = listening;
  const { opened, text } = await waiting("code", listening);
  await alice.clients.approve(await alice.clients.review(text));
  const fresh = await opened;
  atOld = honest;
  const secrets = await secretsIn(fresh);
  expect(sent.join("\n")).toContain("/v1/rendezvous/");
  for (const secret of secrets) expect(sent.join("\n")).not.toContain(secret);
});

/** What the two clients share, and what each has for itself, as it would be written on the way. */
async function secretsIn(fresh: Client): Promise<readonly string[]> {
  const { openLocalStore } = await import("../../src/storage/index.ts");
  const { openNodeStore } = await import("../../src/storage-sqlite/index.ts");
  const { dataKeySetting, readAccount } = await import("../../src/account/index.ts");
  await fresh.close();
  const random = (length: number) => globalThis.crypto.getRandomValues(new Uint8Array(length));
  const path = servers.at(0).path(`new-${made}`);
  const { database, key } = await openNodeStore(path, undefined, random);
  const store = await openLocalStore(database, key, random);
  const secrets = await store.transaction((tx) => {
    const account = readAccount(tx);
    return [
      account?.deviceSigningPrivateKey,
      account?.signaturePrivateKey,
      tx.settings.get(dataKeySetting),
    ];
  });
  await store.close();
  const texts = secrets.map((secret) => (secret === undefined ? "" : toBase64Url(secret)));
  // Inside of something longer the same octets begin at one of three places of the encoding.
  return texts.flatMap((text) => {
    if (text === "") throw new Error("a client without keys");
    const octets = fromBase64Url(text);
    return [0, 1, 2].map((shift) => {
      const padded = new Uint8Array(octets.length + shift);
      padded.set(octets, shift);
      return toBase64Url(padded).slice(shift === 0 ? 0 : 4, -4);
    });
  });
}

test("T-39 whoever floods the server with new clients is refused with the limit's name", async () => {
  const open = () =>
    fetch(`${servers.at(0).url}/v1/rendezvous`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ user: alice.me.user }),
    });
  let last = await open();
  while (last.status === 201) last = await open();
  expect(last.status).toBe(429);
  expect(await last.json()).toMatchObject({ limitName: "rendezvousPerAddress", limit: 30 });
});
