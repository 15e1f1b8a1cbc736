import { execFile } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { expect, test } from "vitest";
import { z } from "zod";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const run = promisify(execFile);

const measurement = z.looseObject({
  name: z.string(),
  ratio: z.number().nullable(),
  parameters: z.record(z.string(), z.unknown()),
});

async function bench(...args: readonly string[]) {
  const { stdout } = await run(process.execPath, [main, ...args, "--json"]);
  const lines = stdout.trim().split("\n");
  return lines.map((line) => measurement.parse(JSON.parse(line)));
}

test("each bench prints one JSON object per measurement, with a ratio to the bare ceiling", async () => {
  const [mls] = await bench("mls", "--members", "3", "--repeats", "2");
  expect(mls).toMatchObject({ name: "mls 3 commit", op: "commit", ms: expect.any(Number) });
  expect(mls?.ratio).toBeGreaterThan(0);
  const [fanout] = await bench("fanout", "--members", "3", "--seconds", "0.2", "--rounds", "1");
  expect(fanout).toMatchObject({ name: "fanout 3", lost: 0, doubled: 0 });
  expect(fanout?.ratio).toBeGreaterThan(0);
});

test("R-123 a search over many messages is measured by what it finds", async () => {
  const [search] = await bench("search", "--messages", "300", "--repeats", "1");
  expect(search).toMatchObject({ name: "search", indexPerSecond: expect.any(Number) });
  expect(search?.["hits"]).toBeGreaterThan(10);
});

test("what is measured between servers arrives whole and in order, at two servers and at many", async () => {
  const [outage] = await bench(
    "federation",
    "--part",
    "outage",
    "--backlog",
    "60",
    "--outage",
    "0",
  );
  expect(outage).toMatchObject({ name: "federation outage", parameters: { inOrder: true } });
  if (process.env["TREEHOUSE_SCALE"] !== "full") return;
  const [peers] = await bench("federation", "--part", "peers", "--peers", "3", "--seconds", "0.2");
  expect(peers).toMatchObject({ name: "federation peers 3", lost: 0, doubled: 0 });
});

test("R-082 a file up and down is measured by its megabytes, all of which arrive", async () => {
  const [up, down] = await bench("assets", "--megabytes", "2", "--rounds", "1");
  expect(up).toMatchObject({ name: "assets up", megabytesPerSecond: expect.any(Number) });
  expect(down).toMatchObject({ name: "assets down", perClientCore: expect.any(Number) });
});

test("what clients do beside sending is measured, and each KeyPackage is given once", async () => {
  const [, claims] = await bench("keypackages", "--repeats", "1");
  expect(claims).toMatchObject({ name: "keypackages claim", givenTwice: 0 });
  if (process.env["TREEHOUSE_SCALE"] !== "full") return;
  const [store, drain] = await bench("offline", "--messages", "500");
  expect(store).toMatchObject({ name: "offline store", perSecond: expect.any(Number) });
  expect(drain).toMatchObject({ name: "offline drain", lost: 0, doubled: 0 });
  const [reconnect] = await bench("reconnect", "--connections", "20");
  expect(reconnect).toMatchObject({ name: "reconnect", p99: expect.any(Number) });
  const opened = await bench("login", "--repeats", "1");
  expect(opened.map(({ name }) => name)).toEqual(["login", "sdk offline", "sdk start"]);
  const scales = ["--rooms", "10,11", "--entries", "2000", "--seconds", "0.5", "--rounds", "1"];
  expect((await bench("scale", ...scales)).map((one) => one["lost"])).toEqual([0, 0, 0]);
});

test("an unknown bench is refused with the names there are", async () => {
  await expect(run(process.execPath, [main, "speed"])).rejects.toThrow(
    /Known: assets, chat, fanout/,
  );
});

test("the ceiling shares no code with the server that it is compared with", () => {
  const files = globSync(fileURLToPath(new URL("../src/ceiling/*.ts", import.meta.url)));
  expect(files.length).toBeGreaterThan(1);
  for (const file of files) {
    expect(readFileSync(file, "utf8")).not.toMatch(/from "(@treehouse|ts-mls|@noble)/);
  }
});
