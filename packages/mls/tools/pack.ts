/**
 * Makes a package of this workspace that can be published: JavaScript and declarations instead of
 * sources, real versions instead of `catalog:` and `workspace:`, and in @treehouse/mls the corrected
 * copy of ts-mls itself, with its licence, because a patch does not travel with a dependency.
 *
 *     node packages/mls/tools/pack.ts <folder>
 *
 * writes `<folder>/protocol` and `<folder>/mls`, each ready for `npm pack` or `npm publish`.
 */
import { execFileSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

type Manifest = {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
};

const root = fileURLToPath(new URL("../../../", import.meta.url));
const library = dirname(fileURLToPath(import.meta.resolve("ts-mls")));
const libraryRoot = join(library, "../..");
/** Where the corrected library lies within the package, beside our own code. */
const vendored = "dist/vendor/ts-mls";

export function pack(folder: string): void {
  const target = resolve(folder);
  const scratch = join(target, ".build");
  mkdirSync(scratch, { recursive: true });
  compile("protocol", join(target, "protocol"), scratch, []);
  compile("mls", join(target, "mls"), scratch, ["protocol"]);
  execFileSync(
    process.execPath,
    [join(root, "node_modules/typescript/bin/tsc"), "--build", join(scratch, "mls.json")],
    { stdio: ["ignore", "inherit", "inherit"] },
  );
  rmSync(scratch, { recursive: true });
  for (const name of ["protocol", "mls"]) nameEmittedFiles(join(target, name));

  writeManifest("protocol", join(target, "protocol"), (dependencies) => dependencies);
  vendor(join(target, "mls"));
  const { dependencies: own } = readJson<Manifest>(join(libraryRoot, "package.json"));
  writeManifest("mls", join(target, "mls"), (dependencies) => ({
    ...Object.fromEntries(Object.entries(dependencies).filter(([name]) => name !== "ts-mls")),
    ...own,
  }));
}

/** A project for the compiler that writes into the target, and leaves the workspace as it is. */
function compile(
  name: string,
  target: string,
  scratch: string,
  references: readonly string[],
): void {
  const source = join(root, "packages", name, "src");
  const { compilerOptions } = readJson<{ compilerOptions: Record<string, unknown> }>(
    join(root, "tsconfig.json"),
  );
  const { noEmit: _, allowImportingTsExtensions: __, ...strictness } = compilerOptions;
  const project = {
    compilerOptions: {
      ...strictness,
      target: "esnext",
      composite: true,
      declaration: true,
      rewriteRelativeImportExtensions: true,
      typeRoots: [join(root, "node_modules/@types")],
      rootDir: source,
      outDir: join(target, "dist"),
      tsBuildInfoFile: join(scratch, `${name}.tsbuildinfo`),
    },
    include: [source],
    exclude: [`${source}/**/*.test.ts`, `${source}/**/*.contract.ts`],
    references: references.map((one) => ({ path: join(scratch, `${one}.json`) })),
  };
  writeFileSync(join(scratch, `${name}.json`), JSON.stringify(project));
}

/** The compiler renames what JavaScript imports; declarations still name the sources. */
function nameEmittedFiles(target: string): void {
  for (const file of globSync("dist/**/*.d.ts", { cwd: target })) {
    const path = join(target, file);
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replaceAll(/(["'])(\.{1,2}\/[^"']+)\.ts\1/g, "$1$2.js$1"));
  }
}

/** Puts the corrected library into the package and lets every import point to it. */
function vendor(target: string): void {
  const into = join(target, vendored);
  cpSync(library, into, { recursive: true, filter: (path) => !path.endsWith(".map") });
  cpSync(join(libraryRoot, "LICENSE"), join(into, "LICENSE"));
  for (const file of globSync("dist/**/*.{js,d.ts}", { cwd: target })) {
    const path = join(target, file);
    const text = readFileSync(path, "utf8");
    if (file.startsWith(vendored)) {
      writeFileSync(path, text.replace(/\n?\/\/# sourceMappingURL=.*$/, "\n"));
      continue;
    }
    const to = relative(dirname(path), into);
    const prefix = to.startsWith(".") ? to : `./${to}`;
    writeFileSync(
      path,
      text.replaceAll(/(["'])ts-mls(\/[^"']+)?\1/g, (_, quote: string, module?: string) => {
        return `${quote}${prefix}${module ?? "/index.js"}${quote}`;
      }),
    );
  }
}

function writeManifest(
  name: string,
  target: string,
  adapt: (dependencies: Record<string, string>) => Record<string, string>,
): void {
  const manifest = readJson<Manifest>(join(root, "packages", name, "package.json"));
  const exports = Object.fromEntries(
    Object.entries(manifest.exports).map(([face, source]) => {
      const built = source.replace(/^\.\/src\//, "./dist/").replace(/\.ts$/, "");
      return [face, { types: `${built}.d.ts`, default: `${built}.js` }];
    }),
  );
  const dependencies = adapt(
    Object.fromEntries(
      Object.entries(manifest.dependencies).map(([dependency, range]) => [
        dependency,
        versionOf(dependency, range),
      ]),
    ),
  );
  const published = {
    name: manifest.name,
    version: manifest.version,
    type: "module",
    files: ["dist"],
    exports,
    dependencies,
  };
  writeFileSync(join(target, "package.json"), `${JSON.stringify(published, undefined, 2)}\n`);
}

function versionOf(dependency: string, range: string): string {
  if (range === "catalog:") {
    const workspace = readFileSync(join(root, "pnpm-workspace.yaml"), "utf8");
    const catalog = /^catalog:\n((?: {2}.*\n)+)/m.exec(workspace)?.[1] ?? "";
    for (const line of catalog.split("\n")) {
      const [, name, version] = /^ {2}"?([^":]+)"?: (\S+)/.exec(line) ?? [];
      if (name === dependency && version !== undefined) return version;
    }
    throw new Error(`${dependency} is not in the catalog`);
  }
  if (!range.startsWith("workspace:")) return range;
  const folder = dependency.replace("@treehouse/", "packages/");
  return readJson<Manifest>(join(root, folder, "package.json")).version;
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- our own files
function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, "utf8"));
}

if (import.meta.main) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) throw new Error("usage: node packages/mls/tools/pack.ts <folder>");
  pack(folder);
}
