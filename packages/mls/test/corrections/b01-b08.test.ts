import { b01b08 } from "./b01-b08.ts";
import { checkCorrections } from "./check-corrections.ts";

checkCorrections(b01b08);
