import { MEDIA_TYPE_TLS, parseRoomUri, paths, updateRoomResponseCodec } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client, Conversation } from "../../src/node.ts";
import { type FederatedServers, startServers } from "../world/servers.ts";
import { befriend } from "../world/friends.ts";
import { openTampered } from "../world/tampered.ts";
import { founded, heard, next, reads, textsIn, until } from "../world/waiting.ts";

let servers: FederatedServers;
let alice: Client;
let bob: Client;
/** What bob's clock has jumped ahead by, and whether it does so when bob is told to come later. */
let aheadMs = 0;
let isImpatient = false;

beforeAll(async () => {
  servers = await startServers("a.example", "b.example");
  alice = await servers.at(0).register("alice");
  bob = await servers.at(1).register("bob");
  await befriend(alice, bob);
  await bob.close();
  bob = await openTampered(
    servers.at(1),
    "bob",
    {
      clockMs: () => aheadMs,
      async fetch(request, ask) {
        const answer = await ask(request);
        if (isImpatient && request.url.endsWith("/group-info")) aheadMs = 11_000;
        return answer;
      },
    },
    { account: bob.me.address },
  );
});

afterAll(async () => {
  for (const client of [alice, bob]) await client.close();
  await servers[Symbol.asyncDispose]();
});

const rolesIn = async (room: Conversation) =>
  Object.fromEntries((await room.members()).map(({ address, role }) => [address, role]));

/** Both hear each other, and each sees what was said while both were in. */
async function talk(ours: Conversation, theirs: Conversation, before: readonly string[]) {
  await ours.send("are you back?");
  await reads(bob, theirs.id, "are you back?");
  await theirs.send("I am");
  await reads(alice, ours.id, "I am");
  expect(await textsIn(theirs)).toEqual([...before, "are you back?", "I am"]);
}

test("R-072 FED-753 who has left comes back at once by a link, before anybody has committed that", async () => {
  const [room] = await founded(alice, "Hall", [bob]);
  if (room === undefined) throw new Error("no room");
  await room.setRole([bob.me.address], "admin");
  const { link } = await room.links.create();
  const theirs = await bob.conversations.get(room.id);
  await theirs.send("before");
  await reads(alice, room.id, "before");
  await theirs.leave();
  const again = await bob.conversations.join(link);
  expect((await again.info()).status).toBe("joined");
  expect(await rolesIn(again)).toMatchObject({ [bob.me.address]: "member" });
  await talk(room, again, ["before"]);
});

test("R-072 FED-753 who has left is added again at once, with the role of everybody who is", async () => {
  const [room] = await founded(alice, "Yard", [bob]);
  if (room === undefined) throw new Error("no room");
  await room.setRole([bob.me.address], "admin");
  const theirs = await bob.conversations.get(room.id);
  await theirs.send("before");
  await reads(alice, room.id, "before");
  const back = next(bob, "joined", (one) => one.room === room.id);
  await theirs.leave();
  await alice.caughtUp();
  await room.add([bob.me.address]);
  await back;
  expect(await rolesIn(room)).toMatchObject({ [bob.me.address]: "member" });
  await talk(room, await bob.conversations.get(room.id), ["before"]);
});

test("R-072 FED-753 while nobody commits what was left, a link is refused, and works when one did", async () => {
  const [room] = await founded(alice, "Loft", [bob]);
  if (room === undefined) throw new Error("no room");
  const { link } = await room.links.create();
  await alice.close();
  const theirs = await bob.conversations.get(room.id);
  await theirs.leave();
  isImpatient = true;
  await expect(bob.conversations.join(link)).rejects.toMatchObject({ code: "removed" });
  isImpatient = false;
  const gone = next(bob, "removed", (one) => one.room === room.id);
  alice = await servers.at(0).open("alice");
  await gone;
  const again = await bob.conversations.join(link);
  await talk(await alice.conversations.get(room.id), again, []);
});

test("FED-225 who made a commit enters it when it was refused and a late copy is accepted", async () => {
  const carol = await servers.at(0).register("carla");
  const dave = await servers.at(1).register("dan");
  await befriend(alice, carol);
  await befriend(alice, dave);
  const [room] = await founded(alice, "Cellar", [carol, dave]);
  if (room === undefined) throw new Error("no room");
  const davesRoom = await dave.conversations.get(room.id);
  await carol.close();
  let commit: Uint8Array | undefined;
  let authorization = "";
  const tampered = await openTampered(
    servers.at(0),
    "carla",
    {
      fetch(request, ask) {
        authorization = request.headers?.["authorization"] ?? authorization;
        return ask(request);
      },
      answer(frame) {
        if (frame.type === "update") commit ??= frame.request;
        return undefined;
      },
    },
    { account: carol.me.address },
  );
  const refused = (await tampered.conversations.get(room.id)).remove([dave.me.address]);
  await expect(refused).rejects.toMatchObject({ code: "notAllowed" });
  await tampered.close();
  // Nobody else is there who would carry out what dave now asks for.
  await alice.close();
  await davesRoom.leave();
  const late = await fetch(`${servers.at(0).url}${paths.update(parseRoomUri(room.id))}`, {
    method: "POST",
    headers: { authorization, "content-type": MEDIA_TYPE_TLS },
    body: Uint8Array.from(commit ?? []),
  });
  expect(late.status).toBe(200);
  const answer = updateRoomResponseCodec.decode(new Uint8Array(await late.arrayBuffer()));
  expect(answer.code).toBe("success");
  const again = await servers.at(0).open("carla");
  const faults = heard(again, "fault");
  const gaps = heard(again, "gap");
  await again.caughtUp();
  alice = await servers.at(0).open("alice");
  const alices = await alice.conversations.get(room.id);
  await alices.send("two of us");
  await reads(again, room.id, "two of us");
  expect(faults).toEqual([]);
  expect(gaps).toEqual([]);
  expect(await (await again.conversations.get(room.id)).members()).toHaveLength(2);
  await again.close();
  await dave.close();
});

test("FED-208 who comes in while a removal is pending learns of it with the own commit", async () => {
  const carol = await servers.at(0).register("carol");
  const dave = await servers.at(1).register("dave");
  await befriend(alice, carol);
  const [room] = await founded(alice, "Attic", [carol]);
  if (room === undefined) throw new Error("no room");
  const { link } = await room.links.create();
  await alice.close();
  await (await carol.conversations.get(room.id)).leave();
  // Nobody is there who could carry it out but the one who comes.
  await carol.close();
  const faults = heard(dave, "fault");
  const came = await dave.conversations.join(link);
  await until(dave, async () => (await came.members()).length === 2);
  expect(Object.keys(await rolesIn(came)).toSorted()).toEqual(
    [alice.me.address, dave.me.address].toSorted(),
  );
  alice = await servers.at(0).open("alice");
  await (await alice.conversations.get(room.id)).send("who is there?");
  await reads(dave, room.id, "who is there?");
  expect(faults).toEqual([]);
  await dave.close();
});
