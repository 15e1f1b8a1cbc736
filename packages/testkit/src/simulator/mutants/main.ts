/** `node packages/testkit/src/simulator/mutants/main.ts [--seeds N] [--only PART]`: are all found? */
import { parseArgs } from "node:util";
import { mutants } from "./list.ts";
import { runMutant } from "./run.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "500" },
    only: { type: "string", default: "" },
  },
});

const counts = { killed: 0, survived: 0, none: 0 };
let ran = 0;
for (const mutant of mutants.filter(({ name }) => name.includes(values.only))) {
  const { name, verdict, seeds, how } = await runMutant(mutant, Number(values.seeds));
  ran += 1;
  counts[verdict] += 1;
  const shown = { killed: String(seeds), survived: "SURVIVED", none: "NO VERDICT" }[verdict];
  console.log(how === "" ? `${shown}  ${name}` : `${shown}  ${name}  (${how})`);
}
const { survived, none } = counts;
console.log(JSON.stringify({ mutants: ran, survived, withoutVerdict: none }));
process.exitCode = survived + none === 0 ? 0 : 1;
