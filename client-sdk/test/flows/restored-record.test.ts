/** The record of acts, at a server that was put back behind some of them. */
import { afterAll, beforeAll, expect, test } from "vitest";

import { keepData } from "../world/old-data.ts";
import { startServer, type TestServer } from "../world/server.ts";
import { agreed, founded, heard, next, reads } from "../world/waiting.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

test("FED-1148 whoever was told of the record by a Welcome that the hub forgot goes on with the others", async () => {
  await using alice = await server.register("alice");
  let bob = await server.register("bob");
  let carol = await server.register("carol");
  const [hers, his, carols] = await founded(alice, "Tea", [bob, carol]);
  if (!hers || !his || !carols) throw new Error("three");
  await hers.send("before");
  for (const one of [bob, carol]) await reads(one, hers.id, "before");
  const stands = (await hers.info()).audit;
  const old = await keepData(server);
  await hers.remove(["bob@localhost"]);
  await hers.rename("Not for long");
  const again = next(bob, "joined", ({ room }) => room === hers.id);
  await hers.add(["bob@localhost"]);
  await again;
  await reads(bob, hers.id, "before");
  await bob.close();
  await carol.close();
  const back = next(alice, "joined", ({ room }) => room === hers.id);
  await old.putBack();
  await back;
  bob = await server.open("bob");
  carol = await server.open("carol");
  const faults = [alice, bob, carol].map((one) => heard(one, "fault"));
  const seats = [
    [alice, hers],
    [bob, await bob.conversations.get(hers.id)],
    [carol, await carol.conversations.get(hers.id)],
  ] as const;
  // Whoever has missed that another one came back is told of the record by the next commit.
  await agreed(seats);
  for (const name of ["Tea again", "Tea as ever"]) await hers.rename(name);
  const infos = await agreed(seats);
  const codes = faults.flatMap((each) => each.map(({ code }) => code));
  expect(codes).not.toContain("auditMismatch");
  expect(infos[1]?.audit).toMatchObject({ number: stands.number + 2, isCurrent: true });
  const heads = infos.map(({ audit: { number, hash } }) => ({ number, hash }));
  expect(heads).toEqual(heads.map(() => heads[0]));
  await bob.close();
  await carol.close();
});
