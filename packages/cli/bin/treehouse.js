#!/usr/bin/env node
/**
 * Starts the CLI under a Node that runs TypeScript sources: this one, or the one that the
 * workspace has installed beside it. Plain JavaScript, because it may run under Node 20.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const [major = 0] = process.versions.node.split(".").map(Number);

if (major >= 24) {
  await import("../src/main.ts");
} else {
  const node = fileURLToPath(new URL("../../../node_modules/.bin/node", import.meta.url));
  if (existsSync(node)) {
    const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: "inherit" });
    for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
    child.on("close", (code) => {
      process.exitCode = code ?? 130;
    });
  } else {
    console.error("treehouse needs Node 24; run `npm test` or `npm start` once to install it.");
    process.exitCode = 1;
  }
}
