import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Random } from "../../../../packages/testkit/src/index.ts";
import { record } from "./disk.ts";
import { hexText, readTrace } from "./trace.ts";

const root = "/srv";
const text = (content: string): string => `"${hexText(content)}"`;
const file = (name: string): string => `21<${hexText(`${root}/${name}`)}>`;
const open = (name: string): string =>
  `openat(AT_FDCWD, ${text(`${root}/${name}`)}, O_RDWR|O_CREAT, 0600) = ${file(name)}`;
const write = (name: string, content: string, offset: number): string =>
  `pwrite64(${file(name)}, ${text(content)}, ${content.length}, ${offset}`;

test("R-008 after a power failure what was brought to the disk is there, of the rest anything", async () => {
  const directory = mkdtempSync(join(tmpdir(), "treehouse-disk-"));
  const [old, young] = ["a".repeat(1024), "b".repeat(1024)];
  const lines = [
    open("log"),
    `${write("log", old, 0)}) = 1024`,
    // A thread that waits for the disk while another one writes: that write is not covered.
    `fsync(${file("log")} <unfinished ...>`,
    `${write("log", young, 1024)} <unfinished ...>`,
    "<... fsync resumed>) = 0",
    "<... pwrite64 resumed>) = 1024",
    `fsync(21<${hexText(root)}>) = 0`,
    open("later"),
    `fsync(${file("log")}) = -1 EIO (Input/output error) (INJECTED)`,
  ];
  const thread = (line: string): number => (line.includes("pwrite64") ? 2 : 1);
  const trace = join(directory, "trace");
  const stamped = lines.map((line, index) => `${thread(line)} 1000.00000${index} ${line}`);
  writeFileSync(trace, `${stamped.join("\n")}\n`);
  const recording = record(await readTrace(trace, hexText(root)), root);
  expect(recording.cuts).toHaveLength(4);

  const lost = join(directory, "lost");
  recording.loseAt(Number.POSITIVE_INFINITY, undefined, lost);
  expect(readFileSync(join(lost, "log"), "utf8")).toBe(old);
  expect(readFileSync(join(lost, "later"), "utf8")).toBe("");

  const seen = new Set<string>();
  for (let seed = 0; seed < 64; seed += 1) {
    const into = join(directory, `${seed}`);
    recording.loseAt(Number.POSITIVE_INFINITY, new Random(seed, "disk"), into);
    const content = readFileSync(join(into, "log"), "latin1");
    expect(content.slice(0, 1024)).toBe(old);
    seen.add(`${content.slice(1024).replaceAll("\0", "-")} ${existsSync(join(into, "later"))}`);
  }
  const [whole, firstHalf, secondHalf] = [
    young,
    "b".repeat(512),
    `${"-".repeat(512)}${"b".repeat(512)}`,
  ];
  for (const each of [whole, firstHalf, secondHalf, ""])
    expect([...seen]).toContain(`${each} true`);
  rmSync(directory, { recursive: true });
});
