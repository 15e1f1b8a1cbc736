/** With what a client cannot be opened is refused `malformed`, before anything is made of it. */
import { mkdirSync } from "node:fs";

import { afterAll, beforeAll, expect, test } from "vitest";

import { Client } from "../../src/node.ts";
import { malformed } from "../world/malformed.ts";
import { password, startServer, type TestServer } from "../world/server.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const here = () => ({ account: "carol@localhost", password, register: {}, server: server.url });

test.for([
  ["", "options.store"],
  [5, "options.store"],
  ["a\0b", "options.store"],
] as const)("a store %j names the field", async ([store, field]) => {
  const open: unknown = Reflect.apply(Client.open, undefined, [{ ...here(), store }]);
  await expect(open).rejects.toEqual(malformed(field));
});

test("a store that can be no file is refused, and none is made in memory", async () => {
  mkdirSync(server.path("folder"), { recursive: true });
  const long = `${server.path("folder")}/${"x".repeat(300)}`;
  for (const [store, code] of [
    [server.path("folder"), "storeUnwritable"],
    [long, "storeUnwritable"],
    [":memory:", "malformed"],
  ] as const) {
    const open = Client.open({ ...here(), store });
    await expect(open).rejects.toMatchObject({ name: "SdkError", code });
  }
});

test.for(["not a url", "ftp://localhost", "localhost:4280", ""])(
  "%j is no address of a server, and nothing to try again",
  async (address) => {
    const options = { ...here(), server: address, store: server.path("carol") };
    await expect(Client.open(options)).rejects.toEqual(malformed("options.server"));
    const reset = { account: "alice@localhost", email: "a@localhost", server: address };
    await expect(Client.requestReset(reset)).rejects.toEqual(malformed("request.server"));
  },
);
