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

let survived = 0;
let ran = 0;
for (const mutant of mutants.filter(({ name }) => name.includes(values.only))) {
  const { name, killedAt, how } = await runMutant(mutant, Number(values.seeds));
  ran += 1;
  if (killedAt === undefined) survived += 1;
  console.log(killedAt === undefined ? `SURVIVED  ${name}` : `${killedAt}  ${name}  (${how})`);
}
console.log(JSON.stringify({ mutants: ran, survived }));
process.exitCode = survived === 0 ? 0 : 1;
