import { paths, problemOf, Refusal, utf8Encode } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";

import type { Client } from "../../src/node.ts";
import { keepData } from "../world/old-data.ts";
import { password, startServer, type TestServer } from "../world/server.ts";
import { openTampered } from "../world/tampered.ts";
import { founded, heard, next, reads } from "../world/waiting.ts";

let server: TestServer;
const clients: Client[] = [];

beforeEach(async () => {
  server = await startServer();
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await server[Symbol.asyncDispose]();
});

test("a restored server that cannot say what it offers is asked again over the same connection", async () => {
  const bob = await server.register("bob");
  let refuses = false;
  let asked = 0;
  let often: () => void = () => undefined;
  const askedOften = new Promise<void>((resolve) => {
    often = resolve;
  });
  const alice = await openTampered(
    server,
    "alice",
    {
      fetch(request, ask) {
        const isIt = request.method === "GET" && request.url.endsWith(paths.subscriptions());
        if (!refuses || !isIt) return ask(request);
        asked += 1;
        if (asked === 3) often();
        const problem = problemOf(new Refusal("rateLimited", "not now", { retryAfterMs: 50 }));
        const body = utf8Encode(JSON.stringify(problem));
        return Promise.resolve({ status: problem.status, headers: {}, body });
      },
    },
    { password, register: {} },
  );
  clients.push(alice, bob);
  await alice.caughtUp();
  const [kept] = await founded(alice, "Kept", [bob]);
  const old = await keepData(server);
  const [later] = await founded(alice, "Later", [bob]);
  if (!kept || !later) throw new Error("two");
  refuses = true;
  const restored = next(alice, "restored");
  await old.putBack();
  await restored;
  const states = heard(alice, "state");
  await askedOften;
  expect(states.map(({ state }) => state)).toEqual(["catchingUp", "live"]);
  await kept.send("meanwhile");
  await reads(bob, kept.id, "meanwhile");
  const closed = next(alice, "removed");
  refuses = false;
  expect((await closed).room).toBe(later.id);
}, 60_000);
