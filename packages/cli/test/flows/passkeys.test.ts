/** Passkeys, made by a program with the SDK, as the command sees and forgets them. */
import { Client } from "@treehouse/client-sdk";
import { expect, test } from "vitest";
import { z } from "zod";

import { createAuthenticator } from "../../../../homeserver/test/people/authenticator.ts";
import { openHousehold, password } from "../world/household.ts";

test("R-024 a passkey that a program made completes its logins, is listed, and is forgotten", async () => {
  await using household = await openHousehold();
  const { invite, json } = household;
  await json("account", "register", "alice@localhost", "--invite", invite);
  const shown = z.object({ store: z.string() }).parse(await json("context", "show"));
  const open = { account: "alice@localhost", server: household.url, store: shown.store, password };
  const key = createAuthenticator("EdDSA");
  const origin = "http://127.0.0.1:4280";
  const codes = await (async () => {
    await using client = await Client.open(open);
    const create = (options: unknown) => Promise.resolve(key.create(options, { origin }));
    return (await client.factors.addPasskey({ label: "my key", create })).recoveryCodes;
  })();
  const refused = await household.treehouse(["account", "login"]);
  expect(refused).toMatchObject({ exit: 4 });
  const passkey = (options: unknown) => Promise.resolve(key.get(options, { origin }));
  await (await Client.open({ ...open, login: true, passkey })).close();
  const row = { id: key.id, label: "my key", createdAt: expect.any(Number) };
  expect(await json("account", "factor", "passkeys", "ls")).toEqual({
    passkeys: [{ ...row, usedAt: expect.any(Number) }],
  });
  const remove = ["account", "factor", "passkeys", "rm", "--code", codes[0] ?? ""];
  for (const form of [[], ["--json"]]) {
    const dashed = await household.treehouse([...remove, "-rUOW", ...form]);
    expect(dashed).toMatchObject({ exit: 1, err: expect.stringMatching(/behind \\?"--/u) });
  }
  const unknown = await household.treehouse([...remove, "-rUOWx5HaX1hlbsp39Pga7S2"]);
  expect(unknown.err).toContain("(notFound)");
  // One id in 4,096 begins with two dashes.
  expect(await json(...remove, "--", key.id)).toEqual({ id: key.id, removed: true });
  expect(await json("account", "factor", "passkeys", "ls")).toEqual({ passkeys: [] });
  expect(await household.treehouse(["account", "login"])).toMatchObject({ exit: 0 });
});
