import { b10b14 } from "./b10-b14.ts";
import { checkCorrections } from "./check-corrections.ts";

checkCorrections(b10b14);
