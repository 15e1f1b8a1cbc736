/** Logins at the operator's provider, as a user of the command makes them with a browser. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";

import { openProvider, type TestProvider } from "../../../../homeserver/test/people/provider.ts";
import { type Household, openHousehold } from "../world/household.ts";
import type { Ran } from "../world/terminal.ts";

let provider: TestProvider;
let household: Household;

beforeAll(async () => {
  provider = await openProvider();
  household = await openHousehold({ provider });
});

afterAll(async () => {
  await household[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

/** Runs a command whose user, `visitor`, follows the address that it shows. */
async function withBrowser(visitor: string, ...args: string[]): Promise<Ran> {
  provider.visitor = visitor;
  const visits: Promise<Response>[] = [];
  const told = (text: string) => {
    const url = /browser on this machine: (\S+)/.exec(text)?.[1];
    if (url !== undefined) visits.push(visit(url));
  };
  const ran = await household.treehouse([...args, "--json"], { told });
  for (const page of visits) expect((await page).status).toBe(200);
  return ran;
}

async function visit(authorizationUrl: string): Promise<Response> {
  const redirectUri = new URL(authorizationUrl).searchParams.get("redirect_uri") ?? "";
  // Whoever else asks there is told nothing, and does not end the waiting.
  expect((await fetch(new URL("/favicon.ico", redirectUri))).status).toBe(404);
  return fetch(await provider.browse(authorizationUrl, redirectUri));
}

const jsonOf = ({ out, err }: Ran): unknown => (out === "" ? err : JSON.parse(out));
const linkedSchema = z.object({ external: z.boolean(), recoveryCodes: z.array(z.string()) });

test("R-023 register, log in, unlink and link again with an account at the provider", async () => {
  const bare = await household.treehouse(["account", "register", "alice@localhost"]);
  expect(bare.exit).not.toBe(0);
  const registered = await withBrowser("one", "account", "register", "alice@localhost", "--oidc");
  expect(jsonOf(registered)).toMatchObject({ address: "alice@localhost" });
  const second = ["--context", "bob", "account", "register", "bob@localhost", "--oidc"];
  const twice = await withBrowser("one", ...second);
  expect(twice).toMatchObject({ exit: 1, err: expect.stringContaining("linked already") });

  const login = ["account", "login"];
  expect(await household.treehouse(login)).toMatchObject({ exit: 4 });
  expect(await withBrowser("another", ...login, "--oidc")).toMatchObject({ exit: 4 });
  expect(jsonOf(await withBrowser("one", ...login, "--oidc"))).toMatchObject({
    address: "alice@localhost",
  });
  expect(jsonOf(await withBrowser("one", "account", "factor", "unlink"))).toEqual({
    external: false,
  });
  expect(await household.treehouse(login)).toMatchObject({ exit: 0 });
  const linked = jsonOf(await withBrowser("two", "account", "factor", "link"));
  const { recoveryCodes } = linkedSchema.parse(linked);
  const code = ["--code", recoveryCodes[0] ?? ""];
  const unlinked = await household.treehouse(["account", "factor", "unlink", ...code]);
  expect(unlinked).toMatchObject({ exit: 0 });
});
