import { decodeEntry, encodeEntry, ROLES, type ServerFrame } from "@treehouse/protocol";
import { expect, test } from "vitest";

import type { Client } from "../../src/node.ts";
import { forgeCommit } from "../world/forge.ts";
import { befriend } from "../world/friends.ts";
import { startServers } from "../world/servers.ts";
import { openTampered } from "../world/tampered.ts";
import { heard, joinedBy, next, reads, textsIn } from "../world/waiting.ts";

test("FED-1134 FED-1136 T-16 a room in which all are stuck begins anew, with its only owner too", async () => {
  await using servers = await startServers("one.test", "two.test");
  const [one, two] = [servers.at(0), servers.at(1)];
  let alice = await one.register("alice");
  let carol = await two.register("carol");
  const mallory = await one.register("mallory");
  await befriend(alice, carol);
  const members = ["carol@two.test", "mallory@one.test"];
  const { id } = await alice.conversations.create({ name: "Tea", members });
  for (const client of [carol, mallory]) await joinedBy(client, id);
  await (await mallory.conversations.get(id)).send("before");
  for (const client of [alice, carol]) await reads(client, id, "before");
  for (const client of [alice, carol, mallory]) await client.close();

  // In the place of a message the hub hands out a commit that it should have refused, or another log.
  const { commit, rosterHash, epoch } = await forgeCommit(
    one.path("mallory"),
    id,
    (state, user) => ({
      ...state,
      assignments: [...state.assignments, { user, role: ROLES.owner }].toSorted((a, b) =>
        a.user < b.user ? -1 : 1,
      ),
    }),
  );
  const lying =
    (isFork: boolean) =>
    (frame: ServerFrame): readonly ServerFrame[] => {
      if (frame.type !== "entry") return [frame];
      const entry = decodeEntry(frame.entry);
      const isFirst = entry.room === id && entry.kind === "application" && entry.generation === 0;
      if (!isFirst || entry.ephemeral) return [frame];
      const { frank: _frank, message: _message, ...header } = entry;
      const none = { leafChanges: [], externalProposals: [] };
      const told = isFork
        ? { ...entry, previous: new Uint8Array(32) }
        : ({ ...header, kind: "commit", epoch, commit, rosterHash, ...none } as const);
      return [{ type: "entry", entry: encodeEntry(told) }];
    };
  const open = (name: string, server: typeof one, isFork = false): Promise<Client> =>
    openTampered(server, name, { frame: lying(isFork) }, { account: `${name}@${server.domain}` });
  alice = await open("alice", one);
  carol = await open("carol", two, true);
  const broken = [
    next(alice, "halted"),
    next(carol, "fault", ({ code }) => code === "forkDetected"),
  ];
  const again = await one.open("mallory");
  await (await again.conversations.get(id)).send("what nobody gets");
  await Promise.all(broken);
  const seats = await Promise.all([alice, carol].map((each) => each.conversations.get(id)));
  const states = await Promise.all(seats.map(async (seat) => (await seat.info()).health.state));
  expect(states).toEqual(["refused", "forked"]);

  const gaps = [alice, carol].map((client) => heard(client, "gap"));
  const [carols, ...others] = [carol, alice, again].map((client) => next(client, "reset"));
  await two.stop();
  await seats[0]?.reset();
  for (const { generation } of await Promise.all(others)) expect(generation).toBe(1);
  await seats[0]?.send("what Carol misses");
  await two.start();
  expect(await carols).toMatchObject({ generation: 1, reason: "reset", by: ["alice@one.test"] });
  await seats[1]?.send("and I");
  for (const client of [alice, carol, again]) await reads(client, id, "and I");
  for (const [index, seat] of seats.entries()) {
    expect(await seat.info()).toMatchObject({ name: "Tea", health: { state: "ok" } });
    expect((await textsIn(seat))[0]).toBe("before");
    // What nobody got is missing, and nothing of how the room began anew.
    expect(gaps[index]?.[0]).toMatchObject({ reason: "missed", from: 3, to: 3 });
  }
  expect(gaps.map(({ length }) => length)).toEqual([1, 2]);
  for (const client of [alice, carol, again]) await client.close();
}, 120_000);
