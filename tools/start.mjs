/**
 * `npm start`: the server, from its bundle. That is made when the sources are others than it was made
 * of; where it cannot be, the server runs from its sources, which takes it three times as long.
 */
import module from "node:module";
import { bundleOf } from "./bundles.mjs";

await import("./quick-imports.mjs");
await import(bundleOf("server") ?? "../homeserver/src/main.ts");
// Whoever is killed leaves what it has compiled to its next life as well.
module.flushCompileCache?.();
