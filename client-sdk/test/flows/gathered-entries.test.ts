import { join } from "node:path";

import { decodeEntry, type RoomUri, TOMBSTONE_REASONS, tombstoneFor } from "@treehouse/protocol";
import BetterSqlite3 from "better-sqlite3";
import { expect, test } from "vitest";

import { befriend } from "../world/friends.ts";
import { keepData } from "../world/old-data.ts";
import type { RunningServer } from "../world/server.ts";
import { startServers } from "../world/servers.ts";
import { agreed, heard, joinedBy, reads } from "../world/waiting.ts";

type Row = { readonly position: number; readonly bytes: Buffer };

/** A server that is stopped lacks a message of a room, counted from the newest: a tombstone stands for it (FED-209). */
function forget(server: RunningServer, room: RoomUri, index = 0): void {
  const database = new BetterSqlite3(join(server.directory, "data", "treehouse.sqlite"));
  const stream = "stream = (SELECT id FROM queuing_streams WHERE name = ?)";
  const rows = database
    .prepare<[string], Row>(`SELECT position, bytes FROM queuing_entries WHERE ${stream}`)
    .all(room);
  const messages = rows
    .toSorted((one, other) => other.position - one.position)
    .filter(({ bytes }) => decodeEntry(bytes).kind === "application");
  const { bytes } = messages[index] ?? {};
  if (bytes === undefined) throw new Error("there is no message");
  const { position } = decodeEntry(bytes);
  const stone = tombstoneFor(bytes, TOMBSTONE_REASONS.rejected);
  database
    .prepare(`UPDATE queuing_entries SET bytes = ? WHERE ${stream} AND position = ?`)
    .run(stone, room, position);
  database.close();
}

test("FED-209 FED-1139 what another server lacks of a room is not missing here, once the hub is back", async () => {
  await using servers = await startServers("one.test", "two.test", "three.test");
  await using alice = await servers.at(0).register("alice");
  await using bob = await servers.at(1).register("bob");
  await using carol = await servers.at(2).register("carol");
  for (const other of [bob, carol]) await befriend(alice, other);
  const members = ["bob@two.test", "carol@three.test"];
  const tea = await alice.conversations.create({ name: "Tea", members });
  const bobs = await joinedBy(bob, tea.id);
  const carols = await joinedBy(carol, tea.id);
  await tea.send("before");
  for (const client of [bob, carol]) await reads(client, tea.id, "before");

  await servers.at(1).stop();
  for (const text of ["passed on", "not there"]) {
    await tea.send(text);
    await reads(carol, tea.id, text);
  }
  // With a commit comes the head that covers all before it.
  await tea.setHistoryDays(7);
  await agreed([
    [alice, tea],
    [carol, carols],
  ]);
  await servers.at(2).stop();
  forget(servers.at(2), tea.id);
  await servers.at(2).start();
  await servers.at(0).stop();
  const faults = heard(bob, "fault");
  await servers.at(1).start();
  const said = bobs.send("is anybody there?");
  await reads(bob, tea.id, "passed on");
  await servers.at(0).start();
  await said;
  await reads(bob, tea.id, "not there");
  expect(faults).toEqual([]);
}, 120_000);

test("FED-209 FED-958 a restored hub takes from each server what another one lacks", async () => {
  await using servers = await startServers("one.test", "two.test", "three.test");
  const hub = servers.at(0);
  await using alice = await hub.register("alice");
  await using bob = await servers.at(1).register("bob");
  await using carol = await servers.at(2).register("carol");
  const dave = await hub.register("dave");
  for (const other of [bob, carol, dave]) await befriend(alice, other);
  const members = [dave.me.address, "bob@two.test", "carol@three.test"];
  const tea = await alice.conversations.create({ name: "Tea", members });
  const [bobs, carols] = [await joinedBy(bob, tea.id), await joinedBy(carol, tea.id)];
  await joinedBy(dave, tea.id);
  await dave.caughtUp();
  await dave.close();
  const old = await keepData(hub);
  for (const text of ["not at three", "not at two"]) await tea.send(text);
  await tea.setHistoryDays(7);
  await agreed([
    [alice, tea],
    [bob, bobs],
    [carol, carols],
  ]);
  for (const [index, server] of [servers.at(1), servers.at(2)].entries()) {
    await server.stop();
    forget(server, tea.id, index);
    await server.start();
  }
  await old.putBack();
  await using back = await hub.open("dave");
  const faults = heard(back, "fault");
  for (const text of ["not at three", "not at two"]) await reads(back, tea.id, text);
  const codes = faults.filter(({ room }) => room === tea.id).map(({ code }) => code);
  expect(codes).toEqual(["restored"]);
}, 120_000);
