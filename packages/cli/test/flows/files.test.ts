import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";

import { png, wav } from "../../../../client-sdk/test/world/samples.ts";
import { type Household, openWithAliceAndBob } from "../world/household.ts";

let household: Household;
let here: string;
beforeAll(async () => {
  household = await openWithAliceAndBob();
  here = join(household.home, "files");
  mkdirSync(here, { recursive: true });
  await household.json("group", "create", "Tea", "--add", "bob@localhost");
});
afterAll(() => household[Symbol.asyncDispose]());

const json = (...args: string[]) => household.json(...args);
const bob = (...args: string[]) => household.json("--context", "bob", ...args);
const text = async (...args: string[]) => (await household.treehouse(args)).out;
const codeOf = async (...args: string[]) =>
  JSON.parse((await household.treehouse([...args, "--json"])).err).error.code;
const sentSchema = z.looseObject({ id: z.string() });
const keptSchema = z.looseObject({ id: z.string(), name: z.string(), folder: z.string() });

function written(name: string, octets: Uint8Array): string {
  writeFileSync(join(here, name), octets);
  return join(here, name);
}

test("R-082 R-084 files are sent, shown with what they are, and saved octet for octet", async () => {
  const [photo, song] = [written("sea.png", png(640, 480)), written("a.wav", wav(2))];
  const sent = sentSchema.parse(
    await json("send", "Tea", "--file", photo, "--file", song, "--alt", "Waves.", "the sea"),
  );
  // A recording has nothing that could be taken out: it is refused rather than sent as it is.
  const stripped = ["send", "Tea", "--file", song, "--strip-metadata"];
  expect(await codeOf(...stripped)).toBe("unsupported");
  await json("send", "Tea", "--file", song, "--voice");
  const [first, second] = (await text("--context", "bob", "tail", "--jsonl"))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
  expect(first).toMatchObject({
    type: "image",
    text: "the sea",
    files: [
      { kind: "image", name: "sea.png", width: 640, height: 480, alt: "Waves." },
      { kind: "audio", name: "a.wav", durationMs: 2000, hasWaveform: true },
    ],
  });
  expect(second).toMatchObject({ type: "voice", files: [{ kind: "voice" }] });
  expect(JSON.stringify([first, second])).not.toMatch(/"(key|link|nonce)"/);
  const history = await text("--context", "bob", "history", "Tea");
  expect(history).toMatch(/\[image: sea\.png, .*640×480; audio: a\.wav, 32 kB, 0:02\] the sea/);
  expect(history).toContain("[voice: a.wav, 32 kB, 0:02]");
  const asked = ["--context", "bob", "file", "get", sent.id, "--in", "Tea", "--out", here];
  expect(await codeOf(...asked)).toBe("fileExists");
  const got = join(here, "got.png");
  await bob("file", "get", sent.id, "--in", "Tea", "--out", got);
  expect(readFileSync(got)).toEqual(Buffer.from(png(640, 480)));
  await bob("file", "get", sent.id, "--in", "Tea", "--number", "2", "--out", got, "--force");
  expect(readFileSync(got)).toEqual(Buffer.from(wav(2)));
  expect(readdirSync(here).filter((name) => name.endsWith(".part"))).toEqual([]);
  expect(await codeOf("file", "get", sent.id, "--in", "Tea", "--number", "3")).toBe("notFound");
});

test("R-088 versions of a file in a conversation are listed and restored", async () => {
  const plan = written("plan.txt", new TextEncoder().encode("one"));
  const put = ["file", "put", plan, "--in", "Tea", "--caption", "the plan"];
  const { id } = sentSchema.parse(await json(...put, "--as", "file", "--alt", "A plan."));
  written("plan.txt", new TextEncoder().encode("two"));
  await json("file", "put", plan, "--in", "Tea", "--version-of", id.slice(0, 12));
  const listed = await text("file", "ls", "--in", "Tea", "--limit", "1");
  expect(listed).toMatch(/alice@localhost: file: plan\.txt, 3 B \(current version of 2\)/);
  await json("file", "restore", id, "--in", "Tea");
  expect(await text("file", "versions", id, "--in", "Tea")).toMatch(
    /earlier version of 3.*\n.*earlier version of 3.*\n.*current version of 3/,
  );
  expect(await codeOf("file", "put", join(here, "nothing"), "--in", "Tea")).toBe("notFound");
  expect(await codeOf("file", "put", plan, "--in", "Tea", "--as", "film")).toBe("malformed");
  const earlier = await text("file", "ls", "--in", "Tea", "--before", "1");
  expect(earlier).toBe("");
});

test("R-087 a library has folders, tags and versions, and is searched by name", async () => {
  const path = written("Übung.png", png(2, 2));
  const put = await json("file", "put", path, "--folder", "art", "--tag", "red, small");
  const { id } = keptSchema.parse(put);
  await json("file", "rename", id, "Bild.png");
  expect(await json("file", "mv", id.slice(0, 8), "art/old")).toMatchObject({ folder: "art/old" });
  await json("file", "tag", id, "blue");
  expect(await json("file", "ls", "--search", "bild BLUE")).toMatchObject({
    files: [{ id, name: "Bild.png", folder: "art/old", tags: ["blue"] }],
  });
  expect(await json("file", "ls", "--tag", "red")).toEqual({ files: [] });
  await json("file", "put", path, "--name", "second.png", "--version-of", id);
  expect(await text("file", "versions", id)).toMatch(/earlier version\n.*current version\n$/);
  expect(await json("file", "restore", id)).toMatchObject({ name: "Bild.png", versions: 3 });
  const [message] = z
    .looseObject({ files: z.array(z.looseObject({ message: z.string() })) })
    .parse(await json("file", "ls", "--in", "Tea", "--limit", "1")).files;
  await json("file", "keep", "Tea", message?.message ?? "", "--folder", "work", "--tag", "plan");
  await json("file", "mv", "art", "pictures", "--all");
  expect((await text("file", "ls")).split("\n").map((line) => line.slice(9))).toEqual([
    `pictures/old/Bild.png, ${png(2, 2).length} B, 3 versions [blue]`,
    "work/plan.txt, 3 B [plan]",
    "",
  ]);
  expect(await json("file", "ls", "--folder", "pictures")).toMatchObject({ files: [{}] });
  await json("file", "get", id, "--out", join(here, "back.png"));
  expect(readFileSync(join(here, "back.png"))).toEqual(Buffer.from(png(2, 2)));
  await json("file", "rm", id);
  expect(await codeOf("file", "get", id)).toBe("notFound");
});
