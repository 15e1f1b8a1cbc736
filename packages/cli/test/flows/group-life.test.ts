import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { type Household, openWithAliceAndBob } from "../world/household.ts";

let household: Household;
beforeAll(async () => {
  household = await openWithAliceAndBob();
  await household.json("group", "create", "Tea", "--add", "bob@localhost");
});
afterAll(() => household[Symbol.asyncDispose]());

const json = (...args: string[]) => household.json(...args);
const bobs = (...args: string[]) => household.json("--context", "bob", ...args);
const wrong = async (...args: string[]): Promise<unknown> =>
  JSON.parse((await household.treehouse([...args, "--json"])).err).error.code;

const pixel = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=",
  "base64",
);

test("R-060 R-061 a conversation is renamed, described and pictured, and its history says by whom", async () => {
  const picture = join(household.home, "pixel.png");
  writeFileSync(picture, pixel);
  const about = ["--description", "Every day at four.", "--topic", "milk", "--picture", picture];
  await json("group", "set", "Tea", "--name", "Tea room", ...about);
  expect(await json("group", "rename", "Tea room", "Tearoom")).toMatchObject({
    name: "Tearoom",
    description: "Every day at four.",
    topic: "milk",
    picture: true,
  });
  const { out } = await household.treehouse(["--context", "bob", "group", "info", "Tearoom"]);
  expect(out).toMatch(
    /^Tearoom, epoch .*\n {2}Every day at four\.\n {2}topic: milk\n {2}with a pic/,
  );
  expect(await bobs("group", "info", "Tearoom")).toMatchObject({ topic: "milk", picture: true });
  const history = await household.treehouse(["--context", "bob", "history", "Tearoom"]);
  expect(history.out).toContain('name: "Tea room" description: "Every day at four." topic: "milk"');
  expect(await json("group", "set", "Tearoom", "--topic", "", "--picture", "")).toMatchObject({
    topic: "",
    picture: false,
  });
  expect(await wrong("group", "set", "Tearoom")).toBe("missingOption");
  expect(await wrong("group", "set", "Tearoom", "--picture", "nowhere")).toBe("fileUnreadable");
  expect(await wrong("--context", "bob", "group", "rename", "Tearoom", "Mine")).toBe("notAllowed");
});

test("R-060 a conversation is deleted for all after a question, shown as such, and forgotten at will", async () => {
  await json("group", "create", "Cake", "--add", "bob@localhost");
  await json("send", "Cake", "eaten");
  await bobs("group", "info", "Cake");
  expect(await wrong("--context", "bob", "group", "delete", "Cake", "--yes")).toBe("notAllowed");
  expect(await wrong("group", "delete", "Cake")).toBe("declined");
  const no = { atTerminal: true, input: "n\n" };
  expect((await household.treehouse(["group", "delete", "Cake"], no)).exit).not.toBe(0);
  expect(await json("group", "delete", "Cake", "--yes")).toMatchObject({
    deleted: { by: "alice@localhost", at: expect.any(Number) },
  });
  expect(await bobs("group", "info", "Cake")).toMatchObject({
    status: "deleted",
    deleted: { by: "alice@localhost" },
  });
  const shown = await household.treehouse(["--context", "bob", "group", "info", "Cake"]);
  expect(shown.out).toContain("deleted by alice@localhost on 20");
  expect(await wrong("--context", "bob", "send", "Cake", "more")).toBe("removed");
  const history = await household.treehouse(["--context", "bob", "history", "Cake"]);
  expect(history.out).toContain("eaten");
  expect(history.out).toContain("has deleted the conversation for everybody");
  const ended = "Somebody has ended the conversation for everybody; what was said stays here.";
  const stands = await household.treehouse(["--context", "bob", "group", "epoch", "Cake"]);
  expect(stands.out).toContain(`health deleted: ${ended}\n  Forget the conversation to drop it`);
  const doctor = await household.treehouse(["--context", "bob", "doctor"]);
  expect(doctor.out).toContain(`ok      conversation Cake: ${ended}\n        Forget the`);
  await bobs("group", "forget", "Cake");
  expect(await wrong("--context", "bob", "history", "Cake")).toBe("unknownRoom");
  expect(await wrong("group", "forget", "Tearoom")).toBe("conflict");
});

test("R-078 who did what is shown with the reason, given to another member and checked there", async () => {
  await json("group", "create", "Board");
  await json("group", "set", "Board", "--topic", "money", "--reason", "as agreed");
  await json("group", "add", "Board", "bob@localhost", "--reason", "our treasurer");
  await bobs("group", "info", "Board");
  expect(await json("group", "audit", "Board")).toMatchObject({
    number: 2,
    isCurrent: true,
    items: [
      { number: 1, acts: [{ kind: "state", part: "about" }], reason: "as agreed", signed: true },
      { number: 2, acts: [{ kind: "add", address: "bob@localhost" }], reason: "our treasurer" },
    ],
  });
  const lines = await household.treehouse(["group", "audit", "Board"]);
  expect(lines.out).toMatch(/^1 20.* alice@localhost: changed: topic — as agreed\n2 20.*\+bob@loc/);
  expect(await json("group", "audit", "Board", "--before", "2", "--limit", "1")).toMatchObject({
    items: [{ number: 1 }],
  });
  expect(await json("group", "unseen", "Board", "90", "--reason", "tidy")).toMatchObject({
    days: 90,
  });
  expect(await bobs("group", "unseen", "Board")).toMatchObject({ days: 90 });
  expect(await wrong("group", "unseen", "Board", "4000")).toBe("limitExceeded");
  expect(await wrong("--context", "bob", "group", "unseen", "Board", "never")).toBe("notAllowed");
  const file = join(household.home, "record");
  await json("group", "audit", "Board", "--export", file);
  expect(await bobs("group", "audit", "Board", "--import", file)).toMatchObject({ added: 2 });
  expect(await wrong("--context", "bob", "group", "audit", "Board")).toBe("notAllowed");
  writeFileSync(file, pixel);
  expect(await wrong("--context", "bob", "group", "audit", "Board", "--import", file)).toBe(
    "malformed",
  );
  await json("group", "remove", "Board", "bob@localhost", "--reason", "moved on");
  await bobs("group", "info", "Board");
  const history = await household.treehouse(["--context", "bob", "history", "Board"]);
  expect(history.out).toContain("-bob@localhost (moved on)");
});
