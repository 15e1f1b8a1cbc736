import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import { parseUserUri, toBase64Url, utf8Decode, utf8Encode } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

import { createIdentity } from "../../src/account/identity.ts";
import type { Client } from "../../src/node.ts";
import { password, startServer, type TestServer } from "../world/server.ts";
import { openTampered, type TamperedFetch } from "../world/tampered.ts";

const crypto = createNodeCrypto({
  random: (length) => globalThis.crypto.getRandomValues(new Uint8Array(length)),
});

let server: TestServer;
let alice: Client;

beforeAll(async () => {
  server = await startServer();
  alice = await server.register("alice");
});

afterAll(() => server[Symbol.asyncDispose]());

/** The server answers with another client list at this path. */
const showing =
  (path: string, method: string, list: () => string): TamperedFetch =>
  async (request, ask) => {
    const response = await ask(request);
    if (request.method !== method || !request.url.endsWith(path)) return response;
    const body = JSON.parse(utf8Decode(response.body));
    return { ...response, body: utf8Encode(JSON.stringify({ ...body, clientList: list() })) };
  };

/** A list of Alice under keys that the server has made itself. */
const madeByServer = () => {
  const user = parseUserUri(alice.me.user);
  return toBase64Url(createIdentity(crypto, user, Date.now()).clientList);
};

test("T-09 a new client signs nothing onto a list that the server has made", async () => {
  const fetch = showing("/v1/clients/proof", "POST", madeByServer);
  const store = server.path("deceived");
  await expect(
    openTampered(server, "alice", { fetch }, { store, password, login: true }),
  ).rejects.toMatchObject({ code: "identityInvalid" });
  expect(await alice.clients.list()).toHaveLength(1);
});

test("T-09 a client that the server adds by itself, and a list that goes back, are told", async () => {
  await alice.close();
  const shown: string[] = [];
  const record: TamperedFetch = async (request, ask) => {
    const response = await ask(request);
    if (request.method === "GET" && request.url.endsWith("/v1/clients")) {
      shown.push(JSON.parse(utf8Decode(response.body)).clientList);
    }
    return response;
  };
  let list: (() => string) | undefined;
  alice = await openTampered(server, "alice", {
    fetch: (request, ask) =>
      list === undefined ? record(request, ask) : showing("/v1/clients", "GET", list)(request, ask),
  });
  await alice.clients.list();
  const store = server.path("second");
  const second = await server.open("alice", { store, password, login: true });
  expect(await alice.clients.list()).toHaveLength(2);
  list = madeByServer;
  await expect(alice.clients.list()).rejects.toMatchObject({ code: "identityInvalid" });
  list = () => shown[0] ?? "";
  await expect(alice.clients.list()).rejects.toMatchObject({ code: "identityInvalid" });
  list = undefined;
  expect(await alice.clients.list()).toHaveLength(2);
  await second.close();
});

test("a wrong password makes no client, and two that come at once are both in the list", async () => {
  const open = (name: string, word = password) =>
    server.open("alice", { store: server.path(name), password: word, login: true });
  await expect(open("wrong", "not the password")).rejects.toMatchObject({ code: "loginFailed" });
  const before = (await alice.clients.list()).length;
  const both = await Promise.all([open("third"), open("fourth")]);
  expect(await alice.clients.list()).toHaveLength(before + 2);
  for (const client of both) await client.close();
});
