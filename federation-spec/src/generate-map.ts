/** Writes `conformance-map.md` anew; a test fails while it is not what this writes. */
import { writeFileSync } from "node:fs";
import { conformanceMap } from "./conformance-map.ts";

writeFileSync(new URL("../conformance-map.md", import.meta.url), conformanceMap());
