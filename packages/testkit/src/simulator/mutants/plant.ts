import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import type { Mutant } from "./list.ts";

const root = new URL("../../../../../", import.meta.url);

/** From here on the sources are loaded with one bug planted into them. Nothing is written anywhere. */
export function plant({ file, find, replace }: Omit<Mutant, "name">): void {
  const target = new URL(file, root).href;
  let planted = false;
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      if (url !== target || loaded.source === undefined || loaded.source === null) return loaded;
      const text =
        typeof loaded.source === "string" ? loaded.source : new TextDecoder().decode(loaded.source);
      if (text.split(find).length !== 2) {
        console.error(`${file} does not hold it exactly once: ${find}`);
        process.exit(3);
      }
      planted = true;
      return { ...loaded, source: text.replace(find, () => replace) };
    },
  });
  process.on("exit", () => {
    if (!planted) console.error(`${fileURLToPath(target)} was never loaded`);
  });
}
