import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll } from "vitest";

import { engineContract } from "../storage/store.contract.ts";
import { openSqlite } from "./index.ts";

const directory = mkdtempSync(join(tmpdir(), "treehouse-store-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

engineContract({
  open: async (name) => openSqlite(join(directory, name)),
  octets: async (name) =>
    readdirSync(directory)
      .filter((file) => file === name || file.startsWith(`${name}-`))
      .map((file) => new Uint8Array(readFileSync(join(directory, file)))),
  random: (length) => new Uint8Array(randomBytes(length)),
});
