import { expect, test } from "vitest";

import { startServer, password } from "../world/server.ts";
import { next } from "../world/waiting.ts";

test("R-026 a client lists its account's sessions and ends one: its connection and requests end", async () => {
  await using server = await startServer();
  const alice = await server.register("alice", { clientName: "the laptop" });
  const before = await alice.sessions.list();
  expect(before).toEqual([
    {
      id: expect.any(String),
      client: alice.me.client,
      clientName: "the laptop",
      createdAt: expect.any(Number),
      usedAt: expect.any(Number),
      expiresAt: expect.any(Number),
      current: true,
    },
  ]);
  await expect(alice.sessions.revoke("none")).rejects.toMatchObject({ code: "notFound" });
  expect(await alice.sessions.revokeOthers()).toBe(0);
  const ended = next(alice, "loginRequired");
  await alice.sessions.revoke(before[0]?.id ?? "");
  await ended;
  await expect(alice.sessions.list()).rejects.toMatchObject({ code: "sessionEnded" });
  await alice.close();

  const again = await server.open("alice", { password, login: true, clientName: "again" });
  expect((await again.sessions.list()).map(({ clientName }) => clientName)).toEqual(["again"]);
});
