import { b15b21 } from "./b15-b21.ts";
import { checkCorrections } from "./check-corrections.ts";

checkCorrections(b15b21);
