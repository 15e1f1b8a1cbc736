/** Writes `vectors/` anew; the test beside it fails while the files are not what this writes. */
import { mkdirSync, writeFileSync } from "node:fs";
import { vectorFiles } from "./vector-files.ts";

const folder = new URL("../vectors/", import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [name, text] of vectorFiles()) writeFileSync(new URL(name, folder), text);
