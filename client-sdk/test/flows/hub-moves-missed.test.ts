import { decodeEntry, readMoved, type ServerFrame } from "@treehouse/protocol";
import { expect, test } from "vitest";

import { befriend } from "../world/friends.ts";
import { startServers } from "../world/servers.ts";
import { password } from "../world/server.ts";
import { openTampered } from "../world/tampered.ts";
import { heard, joinedBy, next, reads } from "../world/waiting.ts";

test("FED-1128 who missed the end of a former hub's log comes in anew at the next, and reads on", async () => {
  await using servers = await startServers("one.test", "two.test");
  const alice = await servers.at(0).register("alice");
  const carol = await servers.at(1).register("carol");
  let isAtEnd = false;
  let withholds = true;
  const frame = (one: ServerFrame): readonly ServerFrame[] => {
    if (!withholds || one.type !== "entry") return [one];
    isAtEnd ||= readMoved(decodeEntry(one.entry)) !== undefined;
    return isAtEnd ? [] : [one];
  };
  const server = servers.at(1);
  const account = { account: "bob@two.test", password, register: {} };
  const bob = await openTampered(server, "bob", { frame }, account);
  await befriend(alice, bob);
  await befriend(alice, carol);
  const tea = await alice.conversations.create({
    name: "Tea",
    members: ["bob@two.test", "carol@two.test"],
  });
  const his = await joinedBy(bob, tea.id);
  await joinedBy(carol, tea.id);
  const faults = heard(bob, "fault");
  const moved = next(carol, "moved");
  await tea.handOver("two.test");
  await moved;
  withholds = false;
  await his.rejoin();
  await his.send("back");
  await reads(alice, tea.id, "back");
  await tea.send("welcome");
  await reads(bob, tea.id, "welcome");
  expect((await his.info()).health).toEqual({ state: "ok" });
  expect(faults).toEqual([]);
  for (const client of [alice, bob, carol]) await client.close();
}, 60_000);
