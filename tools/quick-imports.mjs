/**
 * Node's resolver reads the package's manifest anew for each module it resolves, and some manifests
 * are large: a start of the server spends more on that than on everything else. Where a relative
 * import leads is plain, if its importer is one of our sources or of drizzle-orm's modules. And what
 * has been compiled once is kept. Together it is a third of the time until a server serves again.
 *
 * For `npm start` and the programs that tests start (see `vitest.config.ts`). What they run stays as
 * it is.
 */
import module from "node:module";
import { fileURLToPath } from "node:url";

// Beside the sources, and in no folder that others may write to. Node 20 has none, and needs none.
if (process.env["NODE_COMPILE_CACHE"] === undefined) {
  const folder = new URL("../node_modules/.cache/compiled", import.meta.url);
  module.enableCompileCache?.(fileURLToPath(folder));
}

// The same: it only starts Node 24.
module.registerHooks?.({
  resolve(specifier, context, next) {
    const importer = context.parentURL;
    if (!specifier.startsWith(".") || importer === undefined) return next(specifier, context);
    const format = formatOf(specifier, importer);
    if (format === undefined) return next(specifier, context);
    return { url: new URL(specifier, importer).href, format, shortCircuit: true };
  },
});

/**
 * @param {string} specifier
 * @param {string} importer
 */
function formatOf(specifier, importer) {
  if (specifier.endsWith(".ts") && importer.endsWith(".ts")) return "module-typescript";
  if (specifier.endsWith(".js") && importer.includes("/node_modules/drizzle-orm/")) return "module";
  return undefined;
}
