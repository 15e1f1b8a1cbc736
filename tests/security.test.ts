/** Attacks that a look at the source rules out. */
import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const sources = globSync("{homeserver,client-sdk}/src/**/*.ts")
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => !/\.(test|contract)\.ts$/.test(file));
const read = (file: string): string => readFileSync(file, "utf8");

test("T-31 the server asks no URL for anybody and has no decoder of media", () => {
  const modules = sources.filter((file) => /^homeserver\/src\/(?!platform\/)/.test(file));
  expect(modules.length).toBeGreaterThan(80);
  const asking = /["'](?:fetch|openSocket)["']|\.(?:fetch|openSocket)\(|["']node:https?["']/;
  // The type of an upgrade's request is all that a module has of node:http.
  const types = /^import type .*$/gm;
  expect(modules.filter((file) => asking.test(read(file).replaceAll(types, "")))).toEqual([]);
  const manifest: { dependencies: Record<string, string> } = JSON.parse(
    read("homeserver/package.json"),
  );
  const decoders =
    /sharp|jimp|canvas|ffmpeg|image|media|video|svg|pdf|webp|jpe?g|png|gif|puppeteer/;
  expect(Object.keys(manifest.dependencies).length).toBeGreaterThan(5);
  expect(Object.keys(manifest.dependencies).filter((name) => decoders.test(name))).toEqual([]);
});

test("T-40 no statement is built from values: they are fixed, and values are bound", () => {
  expect(sources.filter((file) => /\bsql\.raw\(/.test(read(file)))).toEqual([]);
  const built = sources.flatMap((file) =>
    [...read(file).matchAll(/\.(?:run|all|prepare|exec)\(\s*`([^`]*)`/g)]
      .filter(([, statement = ""]) => statement.includes("${"))
      .map(([statement]) => `${file}: ${statement}`),
  );
  // The name of a migrations table is a constant of the module that it belongs to; who checks a
  // copy has it from the copy's own schema.
  const named = /^homeserver\/src\/platform\/database\/(?:migrations|copy-worker)\.ts: /;
  expect(built.filter((line) => !named.test(line))).toEqual([]);
});
