import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";

import {
  gif,
  jpeg,
  lottie,
  png,
  startBotApi,
  tgs,
  webm,
  webp,
} from "../../../testkit/src/stickers/index.ts";
import { type Household, openWithAliceAndBob } from "../world/household.ts";

let household: Household;
let folder = "";
beforeAll(async () => {
  household = await openWithAliceAndBob();
  await household.json("group", "create", "Tea", "--add", "bob@localhost");
  folder = join(household.home, "cats");
  mkdirSync(folder);
});
afterAll(() => household[Symbol.asyncDispose]());

function put(path: string, files: Readonly<Record<string, Uint8Array | string>>): void {
  mkdirSync(path, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
}

const bob = (...args: string[]) => household.json("--context", "bob", ...args);
const linkSchema = z.object({ link: z.string() });
const madeSchema = z.object({
  pack: z.object({ id: z.string(), title: z.string(), count: z.number() }),
  refused: z.array(z.object({ file: z.string(), code: z.string() })),
});
const packSchema = z.object({
  stickers: z.array(
    z.object({ emojis: z.array(z.string()), mediaType: z.string(), size: z.number() }),
  ),
});
const historySchema = z.object({
  items: z.array(z.looseObject({ kind: z.string(), id: z.string().optional() })),
});

test("R-090 R-094 an exported folder becomes a pack; what may not be a sticker is told", async () => {
  const set = {
    ok: true,
    result: {
      name: "Cats",
      title: "Cats",
      sticker_type: "regular",
      stickers: [
        { file_id: "a", file_unique_id: "CCC", emoji: "😻" },
        { file_id: "b", file_unique_id: "AAA", emoji: "🐈" },
        { file_id: "c", file_unique_id: "BBB", emoji: "😹" },
      ],
    },
  };
  put(folder, {
    "set.json": JSON.stringify(set),
    "AAA.tgs": tgs(),
    "BBB.webm": webm(),
    "CCC.webp": webp({ width: 512 }),
    "evil.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
    "script.tgs": tgs(lottie({ fr: 1000 })),
  });
  const { exit, out, err } = await household.treehouse(["sticker", "import", folder, "--json"]);
  expect([exit, err]).toEqual([9, ""]);
  const { pack, refused } = madeSchema.parse(JSON.parse(out));
  expect(pack).toMatchObject({ title: "Cats", count: 3 });
  expect(refused).toMatchObject([
    { file: "evil.svg", code: "malformed" },
    { file: "script.tgs", code: "limitExceeded" },
  ]);
  const { stickers } = packSchema.parse(await household.json("sticker", "show", "Cats"));
  expect(stickers.map(({ emojis }) => emojis)).toEqual([["😻"], ["🐈"], ["😹"]]);
  const shown = await household.treehouse(["sticker", "show", "Cats"]);
  expect(shown.out).toMatch(
    /^Cats \(stickers\)\n1 😻 image\/webp 512x100 \d+ B [0-9a-f]{12}\n2 🐈 application\/x-tgsticker 512x512 1000 ms/,
  );
});

test("R-092 R-093 stickers are sent, shown, saved, and their pack is shared by link, octet for octet", async () => {
  await household.json("sticker", "send", "Tea", "Cats", "2", "--keep-pack");
  await household.json("send", "Tea", "--sticker", "Cats/3");
  const tail = await household.treehouse(["--context", "bob", "tail"]);
  const lines = tail.out
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  expect(lines).toMatchObject([
    {
      type: "sticker",
      text: "🐈",
      sticker: { mediaType: "application/x-tgsticker", sharesPack: false },
    },
    { type: "sticker", text: "😹", sticker: { mediaType: "video/webm", sharesPack: true } },
  ]);
  expect((await household.treehouse(["history", "Tea"])).out).toMatch(/sticker 🐈\n.*sticker 😹\n/);
  const { items } = historySchema.parse(await bob("history", "Tea"));
  const [first = "", second = ""] = items.flatMap(({ kind, id }) =>
    kind === "message" && id !== undefined ? [id] : [],
  );
  const saved = join(household.home, "saved.tgs");
  await bob("sticker", "save", "Tea", first, saved);
  expect(readFileSync(saved).equals(readFileSync(join(folder, "AAA.tgs")))).toBe(true);
  const twice = await household.treehouse([
    "--context",
    "bob",
    "sticker",
    "save",
    "Tea",
    second.slice(0, 12),
    saved,
  ]);
  expect([twice.exit, twice.err]).toMatchObject([1, expect.stringContaining("fileUnwritable")]);

  const { link } = linkSchema.parse(await household.json("sticker", "share", "Cats"));
  await bob("sticker", "show", link);
  await bob("sticker", "add", link);
  const copy = join(household.home, "copy");
  await bob("sticker", "export", "Cats", copy);
  const files = readdirSync(copy).toSorted();
  expect(files).toEqual(["001.webp", "002.tgs", "003.webm", "pack.json"]);
  for (const [index, name] of ["CCC.webp", "AAA.tgs", "BBB.webm"].entries()) {
    const exported = readFileSync(join(copy, files[index] ?? ""));
    expect(exported.equals(readFileSync(join(folder, name)))).toBe(true);
  }
  expect(await bob("sticker", "ls")).toMatchObject({ packs: [{ title: "Cats", count: 3 }] });
  expect(await household.json("sticker", "ls", "--recent")).toMatchObject({ recent: [{}, {}] });
  // What was exported is the same pack when it is made again.
  const again = madeSchema.parse(await bob("sticker", "create", copy, "--title", "Cats"));
  expect(again.refused).toEqual([]);
  expect(await bob("sticker", "ls")).toMatchObject({ packs: [{ id: again.pack.id }] });
});

test("R-093 R-094 a folder of pictures becomes custom emoji, for texts and reactions", async () => {
  const emoji = join(household.home, "emoji");
  put(emoji, {
    "parrot 🦜.gif": gif({ delaysMs: [40, 40] }),
    "ok_hand.png": png({ width: 64, height: 64 }),
    "photo.jpg": jpeg(),
    ".hidden": "not looked at",
  });
  const made = await household.json(
    "sticker",
    "create",
    emoji,
    "--kind",
    "emoji",
    "--author",
    "Ann",
  );
  expect(made).toMatchObject({ pack: { title: "emoji", kind: "emoji", count: 3 }, refused: [] });
  await household.json("send", "Tea", "hello :parrot:");
  const tail = await household.treehouse(["--context", "bob", "tail"]);
  const line: unknown = JSON.parse(tail.out);
  expect(line).toMatchObject({ text: "hello :parrot:", customEmoji: [{ name: "parrot" }] });
  const { id } = z.object({ id: z.string() }).parse(line);
  await household.json("react", "Tea", id, ":parrot:");
  expect((await household.treehouse(["history", "Tea", "--limit", "1"])).out).toContain(
    ":parrot: 1",
  );
  await household.json("react", "Tea", id, ":parrot:", "--remove");
  const failures = [
    ["react", "Tea", id, ":nobody:"],
    ["sticker", "send", "Tea", "Cats", "17"],
    ["sticker", "show", "nothing"],
    ["sticker", "create", join(household.home, "nowhere")],
    ["sticker", "create", emoji, "--kind", "pictures"],
    ["sticker", "add", "https://example.org/"],
    ["send", "Tea", "--sticker", "Cats"],
  ];
  const ends = [];
  for (const args of failures) {
    const { exit, err } = await household.treehouse(args);
    ends.push([exit, /\((\w+)\)/.exec(err)?.[1]]);
  }
  expect(ends).toEqual([
    [8, "notFound"],
    [8, "notFound"],
    [8, "notFound"],
    [1, "fileUnreadable"],
    [1, "malformed"],
    [1, "malformed"],
    [1, "malformed"],
  ]);
  await household.json("sticker", "rm", "emoji");
  expect(await household.json("sticker", "ls")).toMatchObject({ packs: [{ title: "Cats" }] });
});

test("R-090 a set comes from Telegram by the user's own token, which is no argument and in no output", async () => {
  const token = "12345:canary-secret-token";
  const stickers = [
    { emoji: "🐶", file: webp({ width: 512 }), ending: "webp" },
    { emoji: "🐕", file: undefined, ending: "webp" },
  ];
  const sets = new Map([["Dogs", { title: "Dogs", type: "custom_emoji" as const, stickers }]]);
  await using telegram = await startBotApi(token, sets);
  const env = { TREEHOUSE_TELEGRAM_API: telegram.url };
  const args = ["sticker", "import", "t.me/addemoji/Dogs"];
  const without = await household.treehouse(args, { env });
  expect([without.exit, without.err]).toMatchObject([1, expect.stringContaining("tokenRequired")]);
  const wrong = await household.treehouse([...args, "--token-stdin"], {
    env,
    input: `${token}x\n`,
  });
  expect([wrong.exit, wrong.err]).toMatchObject([
    1,
    expect.stringContaining("does not take the token"),
  ]);
  const file = join(household.home, "token");
  writeFileSync(file, `${token}\n`);
  const done = await household.treehouse([...args, "--token-file", file, "--title", "Hounds"], {
    env,
  });
  expect(done.exit).toBe(9);
  expect(done.out).toMatch(
    /Hounds \(1 emoji\)\n! 2 \(unique-Dogs-1\): Telegram does not have it \(notFound\)/,
  );
  expect(done.err).toContain("2 of 2");
  const named = await household.treehouse(["sticker", "show", "Hounds"], { env });
  expect(named.out).toContain("1 🐶 :dogs_1: image/webp");
  const fromEnv = { ...env, TREEHOUSE_TELEGRAM_TOKEN: token };
  expect((await household.treehouse(args, { env: fromEnv })).exit).toBe(9);
  for (const { out, err } of [without, wrong, done]) expect(out + err).not.toContain("canary");
});
