/** What is published is what is tested here: the corrected library travels inside the package. */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, expect, test } from "vitest";

import { pack } from "../tools/pack.ts";

const library = join(dirname(fileURLToPath(import.meta.resolve("ts-mls"))), "../..");
const root = fileURLToPath(new URL("../../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "treehouse-pack-"));
const mls = join(folder, "mls");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(() => pack(folder), 120_000);

test("the packed code imports nothing by the name of ts-mls, and its licence is there", () => {
  const files = globSync("dist/**/*.{js,d.ts}", { cwd: mls });
  expect(files.length).toBeGreaterThan(150);
  const named = files.filter((file) =>
    /(from|import\()\s*["']ts-mls/.test(readFileSync(join(mls, file), "utf8")),
  );
  expect(named).toEqual([]);
  expect(globSync("dist/**/*.{test,contract}.*", { cwd: mls })).toEqual([]);
  const licence = readFileSync(join(mls, "dist/vendor/ts-mls/LICENSE"), "utf8");
  expect(licence).toBe(readFileSync(join(library, "LICENSE"), "utf8"));
  expect(licence).toContain("MIT");
});

test("the manifest names versions, and neither ts-mls nor the workspace", () => {
  const manifest: { dependencies: Record<string, string> } = JSON.parse(
    readFileSync(join(mls, "package.json"), "utf8"),
  );
  expect(Object.keys(manifest.dependencies).toSorted()).toEqual([
    "@hpke/core",
    "@noble/ciphers",
    "@noble/curves",
    "@noble/hashes",
    "@treehouse/protocol",
  ]);
  for (const version of Object.values(manifest.dependencies)) expect(version).toMatch(/^\d/);
});

test("a consumer that has only the dependencies can use it", () => {
  const consumer = join(folder, "consumer");
  const link = (name: string, to: string) => {
    mkdirSync(dirname(join(consumer, "node_modules", name)), { recursive: true });
    symlinkSync(to, join(consumer, "node_modules", name));
  };
  // real folders, so that nothing is found by way of the workspace
  for (const name of ["mls", "protocol"]) {
    mkdirSync(join(consumer, "node_modules/@treehouse"), { recursive: true });
    cpSync(join(folder, name), join(consumer, "node_modules/@treehouse", name), {
      recursive: true,
    });
  }
  const beside = join(library, "..");
  for (const name of ["@noble/ciphers", "@noble/curves", "@noble/hashes", "@hpke/core"]) {
    link(name, join(beside, name));
  }
  for (const name of ["cborg", "zod"])
    link(name, join(root, "packages/protocol/node_modules", name));
  const script = join(consumer, "main.mjs");
  writeFileSync(
    script,
    `
    import { createNodeCrypto } from "@treehouse/mls/crypto/node";
    import { createNobleCrypto } from "@treehouse/mls/crypto/noble";
    import * as member from "@treehouse/mls/member";
    import * as server from "@treehouse/mls/public";
    import { treehousePatch } from "./node_modules/@treehouse/mls/dist/vendor/ts-mls/treeHash.js";
    const random = (length) => new Uint8Array(length).fill(3);
    const [a, b] = [createNodeCrypto, createNobleCrypto].map((create) =>
      create({ random }).generateSignatureKeyPair().publicKey.join());
    let named = "not found";
    try { import.meta.resolve("ts-mls"); await import("ts-mls"); named = "found"; } catch {}
    console.log(JSON.stringify({
      patch: treehousePatch, same: a === b, named,
      faces: [typeof member.createGroup, typeof server.registerGroup],
    }));
    `,
  );
  const typed = join(consumer, "typed.mts");
  writeFileSync(
    typed,
    `
    import { createNodeCrypto } from "@treehouse/mls/crypto/node";
    import type { MemberGroup } from "@treehouse/mls/member";
    const crypto = createNodeCrypto({ random: (length: number) => new Uint8Array(length) });
    export const suite: 1 = crypto.suite;
    // @ts-expect-error a hash is no number
    export const wrong: number = crypto.hash(new Uint8Array());
    // @ts-expect-error an epoch is a number
    export const epochOf = (group: MemberGroup): string => group.epoch;
    `,
  );
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const options = [
    "--noEmit",
    "--strict",
    "--skipLibCheck",
    "--module",
    "nodenext",
    "--target",
    "es2025",
  ];
  execFileSync(process.execPath, [tsc, ...options, "--types", "", "--lib", "es2025", typed], {
    cwd: consumer,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const output = execFileSync(process.execPath, [script], { encoding: "utf8" });
  expect(JSON.parse(output)).toEqual({
    patch: "treehouse-1",
    same: true,
    named: "not found",
    faces: ["function", "function"],
  });
});
