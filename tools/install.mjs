/**
 * Installs the locked dependencies when they are missing or stale, and otherwise returns at once.
 *
 * Plain JavaScript for Node 20, because it runs before Node 24 is there. pnpm leaves a copy of the
 * lockfile it has installed, as its last step: equal bytes mean that there is nothing to do.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const root = new URL("../", import.meta.url);

function read(path) {
  try {
    return readFileSync(new URL(path, root), "utf8");
  } catch {
    return undefined;
  }
}

const wanted = read("pnpm-lock.yaml");
const installed = read("node_modules/.pnpm/lock.yaml");

if (wanted === undefined || wanted !== installed) {
  const command = "npx --yes --prefer-offline pnpm@12.21.0 install --frozen-lockfile";
  process.exitCode = spawnSync(command, { cwd: root, shell: true, stdio: "inherit" }).status ?? 1;
}
