import {
  chainHashOf,
  type ClientFrame,
  decodeEntry,
  encodeEntry,
  Refusal,
  refusedFrame,
  ROLES,
  type RoomState,
  type ServerFrame,
  type SignedHealthReport,
  updateRequestCodec,
  type UserUri,
} from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client } from "../../src/node.ts";
import { forgeCommit } from "../world/forge.ts";
import { startServer, type TestServer } from "../world/server.ts";
import { openTampered } from "../world/tampered.ts";
import { founded, heard, next, reads, textsIn } from "../world/waiting.ts";

let server: TestServer;
let alice: Client;

beforeAll(async () => {
  server = await startServer();
  alice = await server.register("alice");
  for (const name of ["bob", "carol", "mallory"]) await (await server.register(name)).close();
});

afterAll(async () => {
  await alice.close();
  await server[Symbol.asyncDispose]();
});

const owning = (state: RoomState, user: UserUri): RoomState => ({
  ...state,
  assignments: [...state.assignments, { user, role: ROLES.owner }].toSorted((a, b) =>
    a.user < b.user ? -1 : 1,
  ),
});
const later = (state: RoomState): RoomState => ({ ...state, rulesVersion: 2, floor: 2 });

const takings = [
  [
    "a member who makes herself an owner",
    owning,
    ["refused", "The server took a change that the rules forbid, and nothing behind it is read: "],
    ["policyViolated", "notAllowed"],
  ],
  [
    "rules that no client here knows",
    later,
    ["paused", "The conversation has rules that this program does not know: it waits for a newer"],
    ["rulesUnknown", "versionUnsupported"],
  ],
] as const;

test.each(takings)(
  "FED-746 FED-747 T-16 a hub that takes %s finds nobody who applies it",
  async (_, change, [state, words], [fault, code]) => {
    const mallory = await server.open("mallory");
    const honest = await server.open("bob");
    const [room] = await founded(alice, `taken ${state}`, [honest, mallory]);
    if (room === undefined) throw new Error("no room");
    await Promise.all([honest.caughtUp(), mallory.caughtUp()]);
    const { epoch, epochAuthenticator } = await (await honest.conversations.get(room.id)).info();
    await mallory.close();
    await honest.close();
    const forged = await forgeCommit(server.path("mallory"), room.id, change);
    expect(forged.epoch).toBe(epoch);
    // In the place of what Alice says, her hub hands Bob the commit that it should have refused.
    const frame = (one: ServerFrame): readonly ServerFrame[] => {
      if (one.type !== "entry") return [one];
      const entry = decodeEntry(one.entry);
      if (entry.room !== room.id || entry.kind !== "application" || entry.ephemeral) return [one];
      const { frank: _frank, message: _message, ...header } = entry;
      const { commit, rosterHash } = forged;
      const none = { leafChanges: [], externalProposals: [] };
      const taken = { ...header, kind: "commit", epoch, commit, rosterHash, ...none } as const;
      return [{ type: "entry", entry: encodeEntry(taken) }];
    };
    const bob = await openTampered(server, "bob", { frame });
    await bob.caughtUp();
    const halted = next(bob, "halted");
    const faults = heard(bob, "fault");
    await room.send("what she said");
    expect(await halted).toMatchObject({ room: room.id, state });
    expect(faults).toMatchObject([{ room: room.id, code: fault }]);
    const theirs = await bob.conversations.get(room.id);
    const stands = { halted: state, health: { state }, epoch, epochAuthenticator };
    expect(await theirs.info()).toMatchObject(stands);
    const line = (await bob.diagnose()).find(({ conversation }) => conversation === room.id);
    expect(line).toMatchObject({ result: "warning", text: expect.stringContaining(words) });
    await expect(theirs.send("as if nothing was")).rejects.toMatchObject({ code });
    await bob.close();

    // Nothing of it was kept: with a hub that does not do this the conversation goes on.
    await using again = await server.open("bob");
    await reads(again, room.id, "what she said");
    const now = await again.conversations.get(room.id);
    expect((await now.info()).halted).toBeUndefined();
    await now.send("and I am here");
    await reads(alice, room.id, "and I am here");
    expect(await textsIn(now)).toEqual(["what she said", "and I am here"]);
  },
);

test("FED-1112 T-16 what members refuse they report, and the room goes on once the hub takes it back", async () => {
  const seats = [
    await server.open("bob"),
    await server.open("carol"),
    await server.open("mallory"),
  ];
  const [room] = await founded(alice, "taken back", seats);
  if (room === undefined) throw new Error("no room");
  for (const seat of seats) await seat.caughtUp();
  for (const seat of seats) await seat.close();
  const forged = await forgeCommit(server.path("mallory"), room.id, owning);
  const reports: SignedHealthReport[] = [];
  const bothReported = Promise.withResolvers<void>();
  const answer = (one: ClientFrame): ServerFrame | undefined => {
    const update = one.type === "update" ? updateRequestCodec.decode(one.request) : undefined;
    if (one.type !== "update" || update?.kind !== "report") return undefined;
    reports.push(update.report);
    if (reports.length === 2) bothReported.resolve();
    return refusedFrame(one.requestId, new Refusal("conflict", "it is known"));
  };
  /** In the place of two messages: what the hub should have refused, and that it takes it back. */
  const lyingHub = () => {
    let first = 0;
    /** Of what it tells; it is asked for the same again. */
    const hashes = new Map<number, Uint8Array<ArrayBuffer>>();
    return (one: ServerFrame): readonly ServerFrame[] => {
      const entry = one.type === "entry" ? decodeEntry(one.entry) : undefined;
      if (entry?.room !== room.id || entry.ephemeral) return [one];
      if (first === 0 && entry.kind !== "application") return [one];
      if (first === 0) first = entry.position;
      if (entry.position < first) return [one];
      const header = { ...entry, previous: hashes.get(entry.position - 1) ?? entry.previous };
      const { epoch, commit, rosterHash } = forged;
      const none = { leafChanges: [], rosterHash, epoch };
      const lies = [
        { ...header, ...none, kind: "commit", commit, externalProposals: [] } as const,
        { ...header, ...none, kind: "void", voided: first, faults: reports } as const,
      ];
      const bytes = encodeEntry(lies[entry.position - first] ?? header);
      hashes.set(entry.position, chainHashOf(decodeEntry(bytes), bytes));
      return [{ type: "entry", entry: bytes }];
    };
  };
  const bob = await openTampered(server, "bob", { frame: lyingHub(), answer });
  const carol = await openTampered(server, "carol", { frame: lyingHub(), answer });
  for (const client of [bob, carol]) await client.caughtUp();
  const states = heard(bob, "health");
  await room.send("in whose place it comes");
  await bothReported.promise;
  expect(reports.map(({ report: { verdict } }) => verdict)).toEqual(["fault", "fault"]);
  const theirs = await bob.conversations.get(room.id);
  expect((await theirs.info()).health).toMatchObject({ state: "refused" });
  const voided = next(bob, "fault", ({ code }) => code === "commitVoid");
  await room.send("in whose place it goes");
  await voided;
  await room.send("after it");
  await reads(bob, room.id, "after it");
  await theirs.send("and I am here");
  await reads(alice, room.id, "and I am here");
  expect((await theirs.info()).health).toEqual({ state: "ok" });
  expect(states.map(({ state }) => state).slice(0, 2)).toEqual(["refused", "ok"]);
  for (const client of [bob, carol]) await client.close();
});
