/**
 * Runs one regression in a process of its own and says on the last line what came of it:
 * `node --import ../mutants/register.ts run.ts B11`, with or without TREEHOUSE_MLS_MUTANT.
 */
import { all } from "./all.ts";

const name = process.argv[2] ?? "";
const regression = all[name];
if (regression === undefined) throw new Error(`no regression is named ${name}`);

console.log("started");
try {
  await regression.run();
  console.log("passed");
} catch (error) {
  console.log(`failed: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`);
}
