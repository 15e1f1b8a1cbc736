import { b01b08 } from "./b01-b08.ts";
import { b10b14 } from "./b10-b14.ts";
import { b15b21 } from "./b15-b21.ts";
import type { Regressions } from "./regression.ts";

export const all: Regressions = { ...b01b08, ...b10b14, ...b15b21 };
