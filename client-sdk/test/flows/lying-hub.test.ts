import type { CommitIntent } from "@treehouse/mls/member";
import { decodeEntry, encodeEntry, type RoomUri, type ServerFrame } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client, Conversation } from "../../src/node.ts";
import { crowd } from "../world/crowd.ts";
import { acts } from "../world/forbidden-acts.ts";
import {
  type ForgedUpload,
  forgeUpload,
  type Inside,
  strangersKeyPackages,
  submitted,
} from "../world/forge-upload.ts";
import { startServer, type TestServer } from "../world/server.ts";
import { openTampered } from "../world/tampered.ts";
import { founded, heard, next, reads } from "../world/waiting.ts";

const full = process.env["TREEHOUSE_SCALE"] === "full";
const timeout = full ? 900_000 : 120_000;
/** The hub lies about one act a room, and rooms are dear. */
const taken = full ? acts : acts.filter((_, index) => index % 5 === 0);

let server: TestServer;
let alice: Client;
const rooms: Conversation[] = [];
const accepted = new Map<RoomUri, ForgedUpload>();

beforeAll(async () => {
  server = await startServer();
  alice = await server.register("alice");
  const bob = await server.register("bob");
  const mallory = await server.register("mallory");
  await (await server.register("eve")).close();
  for (const { name, as } of taken) {
    const [room] = await founded(alice, name, [bob, mallory]);
    if (room === undefined) throw new Error("no room");
    if (as !== undefined) await room.setRole([mallory.me.address], as);
    rooms.push(room);
  }
  await Promise.all([bob.caughtUp(), mallory.caughtUp()]);
  await Promise.all([bob.close(), mallory.close()]);
  const keyPackages = await strangersKeyPackages(server.path("eve"));
  for (const [index, { id }] of rooms.entries()) {
    const upload: (inside: Inside) => CommitIntent = (inside) =>
      taken[index]?.wish(inside, keyPackages) ?? {};
    accepted.set(id, await forgeUpload(server.path("mallory"), id, upload));
  }
}, timeout);

afterAll(async () => {
  await alice.close();
  await server[Symbol.asyncDispose]();
});

test(
  "T-16 FED-746 what no rule allows the hub refuses, and clients where it takes it",
  { timeout },
  async () => {
    for (const [index, { id, info }] of rooms.entries()) {
      const [act, upload] = [taken[index], accepted.get(id)];
      if (act === undefined || upload === undefined) throw new Error("nothing was forged");
      const code = await submitted(server.path("mallory"), id, upload);
      expect([act.name, code]).toEqual([act.name, act.code ?? "notAllowed"]);
      expect((await info()).epoch).toBe(upload.epoch);
    }
    // In the place of what Alice says the hub hands out what it should have refused.
    const frame = (one: ServerFrame): readonly ServerFrame[] => {
      if (one.type !== "entry") return [one];
      const entry = decodeEntry(one.entry);
      const upload = accepted.get(entry.room);
      if (upload === undefined || entry.kind !== "application" || entry.ephemeral) return [one];
      const { frank: _frank, message: _message, ...header } = entry;
      const { epoch, commit, rosterHash } = upload;
      const rest = { epoch, commit, rosterHash, leafChanges: [], externalProposals: [] };
      return [{ type: "entry", entry: encodeEntry({ ...header, kind: "commit", ...rest }) }];
    };
    const bob = await openTampered(server, "bob", { frame });
    await bob.caughtUp();
    const seats = await Promise.all(rooms.map(({ id }) => bob.conversations.get(id)));
    const before = await Promise.all(seats.map((seat) => seat.info()));
    const halts = seats.map(({ id }) => next(bob, "halted", ({ room }) => room === id));
    const faults = heard(bob, "fault");
    for (const room of rooms) await room.send("what she said");
    for (const halt of await Promise.all(halts)) expect(halt.state).toBe("refused");
    expect(faults.map(({ code }) => code)).toEqual(rooms.map(() => "policyViolated"));
    const same = before.map(({ epoch, epochAuthenticator, members }) => ({
      halted: "refused",
      epoch,
      epochAuthenticator,
      members,
    }));
    expect(await Promise.all(seats.map((seat) => seat.info()))).toMatchObject(same);
    await bob.close();

    await using again = await server.open("bob");
    for (const { id } of seats) await reads(again, id, "what she said");
  },
);

test("FED-745 nobody lets in a program without the room's rules, which rise to what all know", async () => {
  const [old] = await crowd(server, { prefix: "old", count: 1, passwords: false, rulesKnown: 0 });
  const { address = "" } = old ?? {};
  const [room] = rooms;
  if (room === undefined) throw new Error("no room");
  const { epoch } = await room.info();
  const message = `the program of ${address} does not know the rules of this conversation`;
  const code = "versionUnsupported";
  await expect(room.add([address])).rejects.toMatchObject({ code, message });
  await expect(room.raiseRules(2)).rejects.toMatchObject({ code });
  expect(await room.policy()).toMatchObject({ rulesVersion: 1, floor: 1, rulesKnown: 1 });
  expect((await room.info()).epoch).toBe(epoch);
});
