import { randomBytes } from "node:crypto";
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import {
  countersignClientList,
  parseAddress,
  paths,
  signedClientListCodec,
  toBase64Url,
  utf8Encode,
} from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

import { createIdentity } from "../../src/account/identity.ts";
import type { Client } from "../../src/node.ts";
import { openLocalStore } from "../../src/storage/index.ts";
import { openNodeStore } from "../../src/storage-sqlite/index.ts";
import { password, startServer, type TestServer } from "../world/server.ts";
import { openTampered, type TamperedFetch } from "../world/tampered.ts";
import { next } from "../world/waiting.ts";

let server: TestServer;

const crypto = createNodeCrypto({ random: (length) => new Uint8Array(randomBytes(length)) });

beforeAll(async () => {
  server = await startServer();
  await (await server.register("bob")).close();
});

afterAll(() => server[Symbol.asyncDispose]());

/** Another store with the account's keys, as it was at its beginning. */
function copied(name: string): string {
  const copy = server.path(`${name}-copy`);
  for (const end of ["", ".key"]) cpSync(`${server.path(name)}${end}`, `${copy}${end}`);
  return copy;
}

async function twoStores(name: string): Promise<string> {
  const store = server.path(`${name}-other`);
  const first = await server.register(name);
  const recoveryKey = await first.recovery.create({ password });
  await (await server.open(name, { store, recoveryKey, login: true })).close();
  await first.close();
  return store;
}

/** Waits until what another client chose has made it so. */
async function comesTrue(client: Client, holds: () => Promise<boolean>): Promise<void> {
  const change = next(client, "accountData");
  if (await holds()) return;
  await change;
  await comesTrue(client, holds);
}

async function labelOfBob(client: Client): Promise<string | undefined> {
  await client.contacts.safetyNumber("bob@localhost");
  return (await client.contacts.identities()).find(({ address }) => address === "bob@localhost")
    ?.label;
}

test("R-037 what is chosen at one client is there at another, which has no more than the keys", async () => {
  const copy = await twoStores("alice");
  await using alice = await server.open("alice");
  const room = await alice.conversations.create({ name: "Tea" });
  const { position } = await room.send("hello");
  await alice.settings.set({ blockOnKeyChange: false });
  await alice.contacts.safetyNumber("bob@localhost");
  await alice.contacts.setLabel("bob@localhost", "Bobby from the choir");
  await room.setOwnName("My tea");
  await room.markRead(position);
  await room.markRead(1);
  expect(await room.info()).toMatchObject({ ownName: "My tea", readPosition: position });
  await alice.close();

  await using other = await server.open("alice", { store: copy });
  expect(await other.settings.get()).toMatchObject({ blockOnKeyChange: true });
  const merged = new Set<string>();
  await next(other, "accountData", ({ change, record }) => {
    expect(change).toBe("merged");
    return merged.add(record.replace(/\d+$/, "")).size === 3;
  });
  expect(await other.settings.get()).toMatchObject({ blockOnKeyChange: false });
  expect(await labelOfBob(other)).toBe("Bobby from the choir");
});

test("R-165 the server's files hold nothing of what was chosen", async () => {
  await (await server.register("canary")).close();
  await using client = await server.open("canary");
  await client.contacts.setLabel("bob@localhost", "the-canary-of-a-label");
  const data = join(server.directory, "data");
  const files = readdirSync(data).filter((name) => name.startsWith("treehouse.sqlite"));
  const holds = (text: string) =>
    files.some((name) => readFileSync(join(data, name)).includes(text));
  expect(holds("authentication_account_data")).toBe(true);
  expect(holds("the-canary-of-a-label")).toBe(false);
});

test("R-037 of two that write at once neither loses what the other chose", async () => {
  const copy = await twoStores("carol");
  await using other = await server.open("carol", { store: copy });
  await other.caughtUp();
  let interrupted = 0;
  const fetch: TamperedFetch = async (request, ask) => {
    if (request.method === "PUT" && interrupted === 0) {
      interrupted += 1;
      await other.contacts.setLabel("bob@localhost", "later");
      await other.settings.set({ blockOnKeyChange: false });
    }
    return ask(request);
  };
  await using carol = await openTampered(server, "carol", { fetch });
  await carol.caughtUp();
  await carol.contacts.setLabel("bob@localhost", "earlier");
  expect(interrupted).toBe(1);
  expect(await labelOfBob(carol)).toBe("later");
  expect(await labelOfBob(other)).toBe("later");
  // Gone before it could hear of what comes now.
  await other.close();
  await carol.contacts.setLabel("bob@localhost", undefined);
  expect(await labelOfBob(carol)).toBeUndefined();
  await using again = await server.open("carol", { store: copy });
  // The other one may have heard of it before it was closed.
  await comesTrue(again, async () => (await labelOfBob(again)) === undefined);
});

test("T-37 account data that the server sets back is told, and written anew", async () => {
  const copy = await twoStores("dora");
  const answers = new Map<string, Awaited<ReturnType<TamperedFetch>>>();
  let [recording, stale] = [true, false];
  const fetch: TamperedFetch = async (request, ask) => {
    const isData = request.method === "GET" && request.url.includes(paths.accountData());
    const old = answers.get(request.url);
    if (stale && isData && old !== undefined) return old;
    const answer = await ask(request);
    if (isData && recording) answers.set(request.url, answer);
    return answer;
  };
  const dora = await openTampered(server, "dora", { fetch });
  await dora.caughtUp();
  await dora.contacts.setLabel("bob@localhost", "first");
  await dora.close();
  // Fetched once as it is now, by another store through the same server.
  const reader = await openTampered(server, "dora", { fetch }, { store: copy });
  await next(reader, "accountData");
  recording = false;
  await reader.contacts.setLabel("bob@localhost", "second");
  await reader.close();

  stale = true;
  const back = await openTampered(server, "dora", { fetch }, { store: copy });
  expect(await next(back, "accountData")).toMatchObject({ change: "rolledBack" });
  await back.close();
  stale = false;
  await using after = await server.open("dora", { store: copy });
  await after.caughtUp();
  expect(await labelOfBob(after)).toBe("second");
  await using fresh = await server.open("dora");
  await comesTrue(fresh, async () => (await labelOfBob(fresh)) === "second");
});

test("T-37 account data that no client has sealed is told, and what is known is kept", async () => {
  await (await server.register("erin")).close();
  const fetch: TamperedFetch = async (request, ask) => {
    const answer = await ask(request);
    if (request.method !== "GET" || !request.url.includes(`${paths.accountData()}/`)) return answer;
    const body = JSON.parse(Buffer.from(answer.body).toString());
    const sealed = `${"A".repeat(40)}${body.sealed.slice(40)}`;
    return { ...answer, body: new Uint8Array(Buffer.from(JSON.stringify({ ...body, sealed }))) };
  };
  const copy = copied("erin");
  const erin = await server.open("erin");
  await erin.settings.set({ blockOnKeyChange: false });
  await erin.close();
  await using other = await openTampered(server, "erin", { fetch }, { store: copy });
  expect(await next(other, "accountData")).toMatchObject({ record: "settings", change: "damaged" });
});

test("R-037 a store that logs in with the password gets the key of the account data", async () => {
  await (await server.register("fred")).close();
  const fred = await server.open("fred");
  await fred.settings.set({ blockOnKeyChange: false });
  await fred.close();
  const copy = copied("fred");
  const { database, key } = await openNodeStore(
    copy,
    undefined,
    (length) => new Uint8Array(length),
  );
  const store = await openLocalStore(database, key, (length) => new Uint8Array(length));
  await store.transaction((tx) => {
    tx.settings.delete("account data key");
    tx.accountData.put({ ...tx.accountData.get("settings"), version: 0, entries: {} });
  });
  await store.close();

  const without = await server.open("fred", { store: copy });
  await without.caughtUp();
  expect(await without.settings.get()).toMatchObject({ blockOnKeyChange: true });
  await without.close();
  await using back = await server.open("fred", { store: copy, password, login: true });
  await next(back, "accountData", ({ change }) => change === "merged");
  expect(await back.settings.get()).toMatchObject({ blockOnKeyChange: false });
});

test("T-09 two clients of one user that were shown different keys of somebody tell it", async () => {
  const copy = await twoStores("gina");
  await (await server.register("hans")).close();
  const gina = await server.open("gina");
  const { identityKey } = await gina.contacts.safetyNumber("hans@localhost");
  await gina.contacts.setLabel("bob@localhost", "Bob");
  await gina.close();

  // Hans's server shows a key of its own making to the other client, which has not met him yet.
  const fetch: TamperedFetch = async (request, ask) => {
    const answer = await ask(request);
    return request.url.includes("/users/hans") ? { ...answer, body: falseAnswer() } : answer;
  };
  const alone = await openTampered(server, "gina", { fetch }, { store: copy, offline: true });
  const shown = await alone.contacts.safetyNumber("hans@localhost");
  expect(shown.identityKey).not.toBe(identityKey);
  await alone.close();

  await using other = await openTampered(server, "gina", { fetch }, { store: copy });
  expect(await next(other, "identityAlarm")).toMatchObject({
    kind: "keyChanged",
    address: "hans@localhost",
  });
  expect(await other.contacts.safetyNumber("hans@localhost")).toMatchObject({
    changed: true,
    identityKey,
  });
  // What the user decides at one client holds at the other, which had the true key all along.
  await other.contacts.acceptKey({ address: "hans@localhost", identityKey }, { verified: true });
  await other.close();
  await using back = await server.open("gina");
  const known = () => back.contacts.safetyNumber("hans@localhost");
  await comesTrue(back, async () => (await known()).verifiedAt !== undefined);
  expect(await known()).toMatchObject({ changed: false, identityKey });
});

/** What a server says of hans that has put an account of its own in the place of his. */
function falseAnswer(): Uint8Array<ArrayBuffer> {
  const user = parseAddress("hans@localhost");
  const made = createIdentity(crypto, user, Date.now());
  const { privateKey, publicKey } = crypto.generateSignatureKeyPair();
  const signed = signedClientListCodec.decode(made.clientList);
  const list = countersignClientList(signed, "k", (message) => crypto.sign(privateKey, message));
  const answer = {
    user,
    clientList: toBase64Url(signedClientListCodec.encode(list)),
    countersigners: [{ kid: "k", key: toBase64Url(publicKey) }],
  };
  return utf8Encode(JSON.stringify(answer));
}
