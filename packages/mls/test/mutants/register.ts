/** To be given to `node --import`; see build-mutant.ts. */
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { buildMutant, libraryFolder } from "./build-mutant.ts";

const name = process.env["TREEHOUSE_MLS_MUTANT"];
if (name !== undefined && name !== "") {
  const mutant = buildMutant(name);
  const inside = pathToFileURL(`${mutant}/`).href;
  const original = pathToFileURL(join(libraryFolder, "index.js")).href;
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === "ts-mls") return next(`${inside}index.js`, context);
      if (specifier.startsWith("ts-mls/")) {
        return next(`${inside}${specifier.slice("ts-mls/".length)}`, context);
      }
      // what the copy depends on is found where the original finds it
      const bare = !/^(\.|\/|node:|file:)/.test(specifier);
      return bare && context.parentURL?.startsWith(inside) === true
        ? next(specifier, { ...context, parentURL: original })
        : next(specifier, context);
    },
  });
}
