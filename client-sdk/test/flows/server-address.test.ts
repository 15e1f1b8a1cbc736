import { afterAll, beforeAll, expect, test } from "vitest";

import { startCuttingProxy } from "../world/cutting-proxy.ts";
import { openTestClient } from "../world/open-client.ts";
import { password, startServer, type TestServer } from "../world/server.ts";

let server: TestServer;
/** Nobody listens there. */
const wrong = "http://127.0.0.1:1";

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

/** Opened without an address: the store must know it. */
async function reopened(name: string): Promise<string> {
  const store = server.path(name);
  await using client = await openTestClient({ account: `${name}@localhost`, store });
  await client.caughtUp();
  return client.me.address;
}

test("the address at which a registration succeeded is kept, not the one that was tried before", async () => {
  const failed = server.open("alice", { password, register: {}, server: wrong });
  await expect(failed).rejects.toMatchObject({ code: "network" });
  await (await server.register("alice")).close();
  expect(await reopened("alice")).toBe("alice@localhost");
});

test("a registration that is found out by logging in keeps the address of the login", async () => {
  const failed = server.open("bob", { password, register: {}, server: wrong });
  await expect(failed).rejects.toMatchObject({ code: "network" });
  await using proxy = await startCuttingProxy(() => server.url);
  await (await server.open("bob", { password, register: {}, server: proxy.url })).close();
  await (await server.open("bob", { password, login: true })).close();
  expect(await reopened("bob")).toBe("bob@localhost");
});

test("an address that is given at an opening is kept once the server was reached there", async () => {
  const former = await startCuttingProxy(() => server.url);
  await (await server.register("carol", { server: former.url })).close();
  await former[Symbol.asyncDispose]();
  const moved = await server.open("carol");
  await moved.caughtUp();
  await moved.close();
  expect(await reopened("carol")).toBe("carol@localhost");
  await (await server.open("carol", { server: wrong, offline: true })).close();
  await (await server.open("carol", { server: wrong })).close();
  expect(await reopened("carol")).toBe("carol@localhost");
});
