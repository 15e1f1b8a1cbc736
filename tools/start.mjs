/**
 * `npm start`: the server, from its bundle. That is made when the sources are others than it was made
 * of; where it cannot be, the server runs from its sources, which takes it three times as long.
 */
import { spawnSync } from "node:child_process";
import module from "node:module";
import { fileURLToPath } from "node:url";
import { currentBundle } from "./server-bundle.mjs";

await import("./quick-imports.mjs");
let program = currentBundle();
if (program === undefined) {
  // In a process of its own: what it needs of memory ends with it.
  spawnSync(process.execPath, [fileURLToPath(new URL("make-bundle.mjs", import.meta.url))]);
  program = currentBundle();
}
await import(program ?? "../homeserver/src/main.ts");
// Whoever is killed leaves what it has compiled to its next life as well.
module.flushCompileCache?.();
