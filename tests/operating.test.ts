/** What operators read is what the program does. */
import { LIMITS } from "../packages/protocol/src/index.ts";
import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const sources = globSync("homeserver/src/**/*.ts")
  .filter((file) => !/\.(test|contract)\.ts$/.test(file))
  .map((file) => readFileSync(file, "utf8"));
const monitoring = readFileSync("docs/operating/monitoring.md", "utf8");
const sorted = (names: Iterable<string>): readonly string[] => [...new Set(names)].toSorted();

test("R-147 the page about monitoring names every metric of ours, and no other", () => {
  const made = sources.flatMap((text) => text.match(/"treehouse_[a-z_]+"/g) ?? []);
  const own = sorted(made.map((name) => name.slice(1, -1))).filter((name) => name !== "treehouse_");
  expect(own.length).toBeGreaterThan(7);
  const told = [...monitoring.matchAll(/^\| `(treehouse_[a-z_]+)`/gm)].map(([, name = ""]) => name);
  expect(sorted(told)).toEqual(own);
});

test("R-147 the page about monitoring names every event of the log, and no other", () => {
  const logged = sources.flatMap((text) =>
    [...text.matchAll(/\blog\.(?:debug|info|warn|error)\(\s*"(\w+)"/g)].map(
      ([, name = ""]) => name,
    ),
  );
  expect(sorted(logged).length).toBeGreaterThan(10);
  const [, table = ""] = monitoring.split("## Log");
  const told = [...table.matchAll(/^\| ([^|]+) \|/gm)]
    .flatMap(([, cell = ""]) => [...cell.matchAll(/`(\w+)`/g)])
    .map(([, name = ""]) => name);
  expect(sorted(told)).toEqual(sorted(logged));
});

test("R-147 a proxy that is set up as the pages say lets through what the server advertises", () => {
  const { assetPartBytesMax, notifyBodyBytesMax, peerBodyBytesMax, takeOverBodyBytesMax } = LIMITS;
  const most = Math.max(
    assetPartBytesMax,
    notifyBodyBytesMax,
    peerBodyBytesMax,
    takeOverBodyBytesMax,
  );
  const pages = globSync("docs/operating/*.md").map((file) => readFileSync(file, "utf8"));
  const sizes = pages.flatMap((text) =>
    [...text.matchAll(/client_max_body_size (\d+)m;/g)].map(([, size = ""]) => Number(size)),
  );
  expect(sizes.length).toBeGreaterThan(2);
  expect(Math.min(...sizes) * 1024 * 1024).toBeGreaterThan(most);
});
