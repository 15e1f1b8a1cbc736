/** Writes `vectors/` anew; the test beside it fails while the files are not what this writes. */
import { mkdirSync, writeFileSync } from "node:fs";
import { contentVectors } from "./content-vectors.ts";
import { roomVectors } from "./room-vectors.ts";
import { vectorFiles } from "./vector-files.ts";

const folder = new URL("../vectors/", import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [name, text] of vectorFiles()) writeFileSync(new URL(name, folder), text);
const others = { "room.json": roomVectors(), "content.json": contentVectors() };
for (const [name, vectors] of Object.entries(others)) {
  writeFileSync(new URL(name, folder), `${JSON.stringify(vectors, undefined, 2)}\n`);
}
