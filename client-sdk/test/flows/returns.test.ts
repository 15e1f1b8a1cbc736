import { decodeEntry, decodeEntryHeader, encodeEntry, type ServerFrame } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";

import { password, startServer, type TestServer } from "../world/server.ts";
import { openTampered } from "../world/tampered.ts";
import { joinedBy, next, reads, textsIn } from "../world/waiting.ts";

let server: TestServer;

beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server[Symbol.asyncDispose]());

test("R-019 T-27 what was encrypted before a member's return is encrypted again, and so for it as well", async () => {
  let losesCommit = false;
  const bob = await openTampered(
    server,
    "bob",
    {
      frame(frame) {
        if (!losesCommit || frame.type !== "entry") return [frame];
        const { kind, room: stream, position } = decodeEntryHeader(frame.entry);
        if (kind !== "commit") return [frame];
        losesCommit = false;
        return [{ type: "gap", stream, from: position, to: position, reason: "expired" }];
      },
    },
    { password, register: {} },
  );
  let held: ServerFrame[] | undefined;
  const answers: string[] = [];
  const alice = await openTampered(
    server,
    "alice",
    {
      frame(frame) {
        if (held === undefined) return [frame];
        if (frame.type === "entry") {
          held.push(frame);
          return [];
        }
        if (frame.type !== "submitted" && frame.type !== "refused") return [frame];
        answers.push(frame.type);
        const all = [frame, ...held];
        held = undefined;
        return all;
      },
    },
    { password, register: {} },
  );
  const carol = await server.register("carol");
  for (const client of [alice, bob]) await client.caughtUp();
  const hers = await alice.conversations.create({ name: "Tea", members: ["bob@localhost"] });
  await joinedBy(bob, hers.id);
  losesCommit = true;
  await hers.add(["carol@localhost"]);
  const carols = await joinedBy(carol, hers.id);
  // Alice hears nothing more until her next message is answered: not even that bob comes back.
  held = [];
  const back = next(bob, "joined");
  await carols.send("bob cannot read this");
  await back;
  await hers.send("in the epoch before");
  expect(answers[0]).toBe("refused");
  await reads(bob, hers.id, "in the epoch before");
  await reads(carol, hers.id, "in the epoch before");
  await alice.caughtUp();
  expect(await textsIn(hers)).toEqual(["bob cannot read this", "in the epoch before"]);
  expect(await textsIn(carols)).toEqual(["bob cannot read this", "in the epoch before"]);
});

test.each(["a gap", "a return"])(
  "R-019 what was taken and whose echo fell into %s stands in the sender's history",
  async (way) => {
    const isReturn = way === "a return";
    let held: ServerFrame[] | undefined;
    const frame = (one: ServerFrame): readonly ServerFrame[] => {
      if (held === undefined || one.type !== "entry") return [one];
      held.push(one);
      // Before the one that shows it: a commit that cannot be used, or nothing; and the echo.
      if (held.length < (isReturn ? 3 : 2)) return [];
      const [first, ...others] = held;
      held = undefined;
      return first === undefined ? [] : [isReturn ? spoilt(first) : lost(first), ...others];
    };
    const alice = await server.register("alice");
    const bob = await openTampered(server, "bob", { frame }, { password, register: {} });
    await server.register("carol");
    await bob.caughtUp();
    const members = ["bob@localhost", "carol@localhost"];
    const hers = await alice.conversations.create({ name: "Tea", members });
    const his = await joinedBy(bob, hers.id);
    await bob.caughtUp();
    held = [];
    if (isReturn) await hers.remove(["carol@localhost"]);
    await his.send("taken");
    const back = isReturn ? next(bob, "joined") : undefined;
    await hers.send("behind it");
    await back;
    await alice.caughtUp();
    await hers.send("and after");
    await reads(bob, hers.id, "and after");
    expect(await textsIn(his)).toContain("taken");
  },
);

test("T-01 T-20 who comes back is told who came and who went meanwhile", async () => {
  const alice = await server.register("alice");
  for (const name of ["carol", "dave"]) await (await server.register(name)).close();
  let loses = false;
  const frame = (one: ServerFrame): readonly ServerFrame[] => {
    if (!loses || one.type !== "entry") return [one];
    loses = false;
    return [lost(one)];
  };
  const bob = await openTampered(server, "bob", { frame }, { password, register: {} });
  await bob.caughtUp();
  const members = ["bob@localhost", "dave@localhost"];
  const hers = await alice.conversations.create({ name: "come!", members });
  const his = await joinedBy(bob, hers.id);
  const told = next(bob, "membership");
  loses = true;
  await hers.add(["carol@localhost"]);
  await hers.remove(["dave@localhost"]);
  const { added, removed, by, way } = await told;
  expect({ added, removed, by, way }).toEqual({
    added: ["mimi://localhost/u/carol"],
    removed: ["mimi://localhost/u/dave"],
    by: undefined,
    way: "unseen",
  });
  const history = await his.history();
  expect(history.filter(({ kind }) => kind === "membership").at(-1)).toMatchObject({
    by: undefined,
    added: ["carol@localhost"],
    removed: ["dave@localhost"],
  });
  // Alice signed what Bob came back to.
  expect((await his.info()).unvouched).toEqual([]);
  await his.send("to carol too");
  await reads(alice, hers.id, "to carol too");
});

test("R-043 a return into a conversation that is hidden shows nothing of it, nor that it is over", async () => {
  const alice = await server.register("alice");
  await server.register("carol");
  let held = true;
  const reading = await openTampered(
    server,
    "bob",
    { frame: (frame) => (held && frame.type === "inboxEntry" ? [] : [frame]) },
    { password, register: {} },
  );
  await reading.caughtUp();
  const hers = await alice.conversations.create({ name: "come!", members: ["bob@localhost"] });
  await reading.contacts.block("alice@localhost");
  held = false;
  await reading.close();
  let loses = false;
  const frame = (one: ServerFrame): readonly ServerFrame[] => {
    if (!loses || one.type !== "entry") return [one];
    loses = false;
    return [lost(one)];
  };
  const bob = await openTampered(server, "bob", { frame });
  await bob.caughtUp();
  const told: string[] = [];
  for (const name of ["joined", "gap", "removed", "membership", "stored"] as const) {
    bob.on(name, () => told.push(name));
  }
  loses = true;
  const back = next(alice, "membership", ({ by }) => by?.endsWith("/u/bob") === true);
  await hers.add(["carol@localhost"]);
  await hers.send("of an epoch that bob does not know");
  await back;
  await hers.send("here again");
  await bob.caughtUp();
  expect(told).toEqual([]);
  // Bob cannot read the commit that removes him, and the hub does not let him back.
  const his = await bob.conversations.get(hers.id);
  loses = true;
  await hers.remove(["carol@localhost"]);
  await hers.remove(["bob@localhost"]);
  // Nothing tells of it, so that it is looked for.
  while ((await his.info()).status !== "removed")
    await new Promise((resolve) => setImmediate(resolve));
  expect(told).toEqual([]);
  await bob.contacts.unblock("alice@localhost");
  await reads(bob, hers.id, "here again");
});

test("R-019 an offer to come back that is not right is told as that, and nothing is believed", async () => {
  const alice = await server.register("alice");
  await server.register("carol");
  let loses = false;
  const bob = await openTampered(
    server,
    "bob",
    {
      frame(one) {
        if (!loses || one.type !== "entry") return [one];
        loses = false;
        return [lost(one)];
      },
      async fetch(request, ask) {
        const response = await ask(request);
        if (!request.url.endsWith("/group-info")) return response;
        return { ...response, body: new Uint8Array(response.body).fill(0xff, -40) };
      },
    },
    { password, register: {} },
  );
  await bob.caughtUp();
  const hers = await alice.conversations.create({ name: "Tea", members: ["bob@localhost"] });
  const his = await joinedBy(bob, hers.id);
  const { epoch } = await his.info();
  const codes: string[] = [];
  bob.on("fault", ({ code }) => codes.push(code));
  const told = next(bob, "fault", ({ code }) => code === "groupInfoInvalid");
  loses = true;
  await hers.add(["carol@localhost"]);
  await hers.send("of an epoch that bob does not know");
  expect((await told).room).toBe(hers.id);
  expect(codes).not.toContain("restoreUnproven");
  expect((await his.info()).epoch).toBe(epoch);
});

function lost(frame: ServerFrame): ServerFrame {
  if (frame.type !== "entry") throw new Error("another frame");
  const { room: stream, position } = decodeEntry(frame.entry);
  return { type: "gap", stream, from: position, to: position, reason: "expired" };
}

function spoilt(frame: ServerFrame): ServerFrame {
  const entry = frame.type === "entry" ? decodeEntry(frame.entry) : undefined;
  if (entry?.kind !== "commit") throw new Error("another frame");
  const commit = new Uint8Array(entry.commit).fill(0xff, entry.commit.length - 40);
  return { type: "entry", entry: encodeEntry({ ...entry, commit }) };
}
