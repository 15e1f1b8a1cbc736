/**
 * `TREEHOUSE_SIM_MUTANT=<name> node --import …/register.ts …/main.ts`: the sources are loaded with
 * one bug planted into them.
 */
import { mutants } from "./list.ts";
import { plant } from "./plant.ts";

const name = process.env["TREEHOUSE_SIM_MUTANT"] ?? "";
const mutant = mutants.find((each) => each.name === name);
if (mutant === undefined) throw new Error(`no mutant is named "${name}"`);
plant(mutant);
