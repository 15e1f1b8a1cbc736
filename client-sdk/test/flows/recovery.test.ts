/** A forgotten password, and a server that would rather have the keys lost. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { NetworkFault, utf8Decode, utf8Encode } from "@treehouse/protocol";
import { Secret, TOTP } from "otpauth";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";

import { parseRecoveryKey } from "../../src/account/recovery/index.ts";
import type { Client, ClientOptions } from "../../src/node.ts";
import { password, startServer, type TestServer } from "../world/server.ts";
import { openTampered, type TamperedFetch } from "../world/tampered.ts";
import { founded, joinedBy, reads } from "../world/waiting.ts";

let server: TestServer;
let carol: Client;

beforeAll(async () => {
  server = await startServer();
  carol = await server.register("carol");
});

afterAll(() => server[Symbol.asyncDispose]());

/** A client of somebody in an empty store, by the recovery key alone. */
function restored(name: string, recoveryKey: string, store: string): Promise<Client> {
  return server.open(name, { store: server.path(store), recoveryKey, login: true });
}

/** The server answers otherwise at this path: `change` gets what it would have said. */
const answering =
  (path: string, change: (body: Record<string, unknown>) => unknown): TamperedFetch =>
  async (request, ask) => {
    const response = await ask(request);
    if (!request.url.endsWith(path) || request.method === "PUT") return response;
    const body = change(JSON.parse(utf8Decode(response.body)));
    return { ...response, body: utf8Encode(JSON.stringify(body)) };
  };

test("R-027 the recovery key makes a client that reads on, and a new password without the old one", async () => {
  const alice = await server.register("alice");
  const room = (await founded(alice, "tea", [carol]))[0]?.id ?? "";
  const none = { exists: false, createdAt: undefined, state: "inStep" };
  expect(await alice.recovery.status()).toEqual(none);
  const recoveryKey = await alice.recovery.create({ password });
  await alice.recovery.check(recoveryKey.toLowerCase());
  expect(await alice.recovery.status()).toMatchObject({ exists: true, state: "inStep" });
  await alice.close();

  const again = await restored("alice", recoveryKey, "alice-again");
  await joinedBy(again, room);
  await (await carol.conversations.get(room)).send("welcome back");
  await reads(again, room, "welcome back");
  expect(await again.clients.list()).toHaveLength(2);
  const newPassword = "a password that is new";
  await again.recovery.resetPassword({ recoveryKey, newPassword });
  // The copy was sealed apart: the key goes on working, and so does what the password opens.
  await again.recovery.check(recoveryKey);
  await again.close();
  const store = server.path("alice-third");
  const third = await server.open("alice", { store, password: newPassword, login: true });
  expect(await third.clients.list()).toHaveLength(3);
  await third.caughtUp();
  expect(await third.recovery.status()).toMatchObject({ exists: true, state: "inStep" });
  await third.close();
});

test("R-024 R-027 R-028 of two recovery keys the later one works, with the second factor", async () => {
  expect(await carol.recovery.isNoted()).toBe(false);
  const first = await carol.recovery.create({ password });
  await expect(carol.recovery.check("0000")).rejects.toMatchObject({ code: "malformed" });
  const second = await carol.recovery.create({ recoveryKey: first });
  expect(await carol.recovery.isNoted()).toBe(true);
  await carol.recovery.check(second);
  const replaced = { code: "loginFailed", message: expect.stringContaining("replaced") };
  await expect(carol.recovery.check(first)).rejects.toMatchObject(replaced);
  for (const create of [
    () => carol.recovery.create({ recoveryKey: first }),
    () => restored("carol", first, "carol-first"),
    () => restored("nobody", second, "nobody"),
  ]) {
    await expect(create()).rejects.toMatchObject({ code: "loginFailed" });
  }
  const lost = await restored("carol", second, "carol-second");
  expect(await carol.clients.list()).toHaveLength(2);
  await lost.close();
  const refused = carol.clients.revoke(lost.me.client, { recoveryKey: first });
  await expect(refused).rejects.toMatchObject({ code: "loginFailed" });
  await carol.clients.revoke(lost.me.client, { recoveryKey: second });
  expect(await carol.clients.list()).toHaveLength(1);
  const data = join(server.directory, "data");
  const names = readdirSync(data).filter((name) => name.startsWith("treehouse.sqlite"));
  const files = names.map((name) => readFileSync(join(data, name), "latin1"));
  expect(files.join("\n")).toContain("carol");
  for (const key of [first, second]) {
    const bits = Buffer.from(parseRecoveryKey(key).bits);
    for (const form of ["latin1", "hex", "base64url"] as const) {
      expect(files.join("\n").includes(bits.toString(form))).toBe(false);
    }
  }
  await refusesWithoutCode(second);
});

/** with a second factor the recovery key alone makes no client. */
async function refusesWithoutCode(recoveryKey: string): Promise<void> {
  const { secret } = await carol.factors.startTotp();
  const app = new TOTP({ secret: Secret.fromBase32(secret) });
  const { recoveryCodes } = await carol.factors.confirmTotp(app.generate());
  await expect(restored("carol", recoveryKey, "carol-lost")).rejects.toMatchObject({
    code: "factorRequired",
  });
  const store = server.path("carol-again");
  const secondFactor = recoveryCodes[0] ?? "";
  const again = await server.open("carol", { store, recoveryKey, login: true, secondFactor });
  expect(await again.clients.list()).toHaveLength(2);
}

/** Eve, whose server does what `fetch` says. */
let fetch: TamperedFetch = (request, ask) => ask(request);
const honest = fetch;
const path = "/v1/account/recovery";
let evesKey = "";

function openEve(options: Partial<ClientOptions> = {}): Promise<Client> {
  return openTampered(server, "eve", { fetch: (request, ask) => fetch(request, ask) }, options);
}

test("T-37 a copy that was swapped, set back or dropped is told", async () => {
  const eve = await openEve({ password, register: {} });
  fetch = async (request, ask) => {
    const response = await ask(request);
    const isWrite = request.method === "PUT" && request.url.endsWith(path);
    if (!isWrite || response.status !== 200) return response;
    throw new NetworkFault("broken", "the answer was lost");
  };
  const first = await eve.recovery.create({ password });
  fetch = honest;
  // The answer was lost, and the key is the account's all the same.
  await eve.recovery.check(first);
  const seen: Record<string, unknown>[] = [];
  fetch = answering(path, (body) => (seen.push(body), body));
  await eve.recovery.status();
  const [older] = seen;
  const recoveryKey = await eve.recovery.create({ recoveryKey: first });
  expect(await eve.recovery.status()).toMatchObject({ exists: true, state: "inStep" });

  fetch = answering(path, () => older);
  expect(await eve.recovery.status()).toMatchObject({ exists: true, state: "lost" });
  const check = (await eve.diagnose()).find(({ name }) => name === "recovery");
  expect(check).toMatchObject({ result: "warning" });
  await expect(eve.recovery.check(recoveryKey)).rejects.toMatchObject({ code: "loginFailed" });
  fetch = answering(path, () => ({ version: 0 }));
  expect(await eve.recovery.status()).toMatchObject({ exists: false, state: "lost" });
  await expect(eve.recovery.check(recoveryKey)).rejects.toMatchObject({ code: "notFound" });
  fetch = answering(path, (body) => ({ ...body, version: 1 }));
  expect(await eve.recovery.status()).toMatchObject({ state: "lost" });
  await expect(eve.recovery.check(recoveryKey)).rejects.toMatchObject({ code: "identityInvalid" });
  const { sealedCopy } = z
    .object({ current: z.object({ sealedCopy: z.string() }) })
    .parse(older).current;
  for (const change of [{ sealedCopy }, { version: 1 }]) {
    fetch = answering(`${path}/proof`, (body) => ({ ...body, ...change }));
    const deceived = { store: server.path("eve-swapped"), recoveryKey, login: true };
    await expect(openEve(deceived)).rejects.toMatchObject({ code: "identityInvalid" });
  }
  fetch = honest;
  expect(await eve.clients.list()).toHaveLength(1);
  await eve.close();
  evesKey = recoveryKey;
});

test("T-37 T-09 a client list from before the recovery key was made is not signed on", async () => {
  const eve = await openEve();
  const first = evesKey;
  const lists: unknown[] = [];
  fetch = answering(`${path}/proof`, (body) => (lists.push(body["clientList"]), body));
  const second = { store: server.path("eve-second"), recoveryKey: first, login: true };
  await openEve(second);
  const recoveryKey = await eve.recovery.create({ recoveryKey: first });
  fetch = answering(`${path}/proof`, (body) => ({ ...body, clientList: lists[0] }));
  const deceived = { store: server.path("eve-third"), recoveryKey, login: true };
  await expect(openEve(deceived)).rejects.toMatchObject({
    code: "identityInvalid",
    message: expect.stringContaining("older than your recovery key"),
  });
  fetch = honest;
  expect(await eve.clients.list()).toHaveLength(2);
});
