/**
 * `TREEHOUSE_SIM_MUTANT=<name> node --import …/register.ts …/main.ts`: the sources are loaded with
 * one bug planted into them. Nothing is written anywhere.
 */
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { mutants } from "./list.ts";

const name = process.env["TREEHOUSE_SIM_MUTANT"] ?? "";
const mutant = mutants.find((each) => each.name === name);
if (mutant === undefined) throw new Error(`no mutant is named "${name}"`);
const root = new URL("../../../../../", import.meta.url);
const target = new URL(mutant.file, root).href;
let planted = false;

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (url !== target || loaded.source === undefined || loaded.source === null) return loaded;
    const text =
      typeof loaded.source === "string" ? loaded.source : new TextDecoder().decode(loaded.source);
    if (text.split(mutant.find).length !== 2) {
      console.error(`${mutant.file} does not hold it exactly once: ${mutant.find}`);
      process.exit(3);
    }
    planted = true;
    return { ...loaded, source: text.replace(mutant.find, () => mutant.replace) };
  },
});

process.on("exit", () => {
  if (!planted) console.error(`${fileURLToPath(target)} was never loaded`);
});
