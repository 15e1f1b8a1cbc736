#!/usr/bin/env node
/**
 * Starts the CLI under a Node that runs TypeScript sources: this one, or the one that the
 * workspace has installed beside it. Plain JavaScript, because it may run under Node 20.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const own = fileURLToPath(import.meta.url);
const tools = new URL("../../../tools/", import.meta.url);
const [major = 0] = process.versions.node.split(".").map(Number);

if (major >= 24) {
  await import(await program());
} else {
  const node = fileURLToPath(new URL("../../../node_modules/.bin/node", import.meta.url));
  if (existsSync(node)) runWith(node);
  else fail("treehouse needs Node 24; run `npm test` or `npm start` once to install it.");
}

/** The bundle, which starts in a fifth of the time, or the sources where none can be made. */
async function program() {
  await import(new URL("quick-imports.mjs", tools).href);
  const { bundleOf } = await import(new URL("bundles.mjs", tools).href);
  return bundleOf("cli") ?? "../src/main.ts";
}

/** @param {string} node */
function runWith(node) {
  const child = spawn(node, [own, ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => fail(`treehouse cannot start ${node}: ${error.message}`));
  child.on("close", (code, signal) => {
    if (signal === null) {
      process.exitCode = code ?? 2;
      return;
    }
    // Who waits for this process shall see how the other one died.
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** @param {string} text */
function fail(text) {
  console.error(text);
  process.exitCode = 2;
}
