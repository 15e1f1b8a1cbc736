import { appendFileSync, globSync, readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

import { vectorFiles, vectorFolder, vectorsPresent } from "./vectors.ts";

const here = fileURLToPath(new URL(".", import.meta.url));

if (!vectorsPresent) {
  const line = `not run: MLS vectors: ${vectorFolder} absent`;
  console.log(line);
  const report = process.env["TREEHOUSE_NOT_RUN"];
  if (report !== undefined) appendFileSync(report, `${line}\n`);
}

test("R-002 T-21 785 of 785 official vectors are run at full scale: each file, with its own count", () => {
  const run = globSync("*.test.ts", { cwd: here }).flatMap((file) =>
    [...readFileSync(`${here}${file}`, "utf8").matchAll(/^runVectors<.*>\(\s*"([^"]+)"/gm)].map(
      ([, name]) => name ?? "",
    ),
  );
  expect(run.toSorted()).toEqual(Object.keys(vectorFiles).toSorted());
  expect(Object.values(vectorFiles).reduce((sum, count) => sum + count, 0)).toBe(785);
});

test.skipIf(!vectorsPresent)("no file of the folder is left out", () => {
  const files = readdirSync(vectorFolder).filter((file) => /\.json(\.gz)?$/.test(file));
  expect(files.toSorted()).toEqual(Object.keys(vectorFiles).toSorted());
});
