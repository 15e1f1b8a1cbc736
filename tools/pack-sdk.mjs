/**
 * `npm run pack [FOLDER]`: the client SDK as a tarball that any program can install, in `client-sdk/dist`
 * unless a folder is named. In the repository packages are their sources; in the tarball the SDK is
 * JavaScript in a few files, for Node and for browsers, with declarations beside it.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { rolldown } from "rolldown";

import { copyDeclarations } from "./declarations.mjs";

const root = fileURLToPath(new URL("../", import.meta.url));
const home = join(root, "client-sdk");

/** What is not bundled: binaries that find themselves by their place, and types of others in ours. */
const kept = ["better-sqlite3", "@sqlite.org/sqlite-wasm", "zod"];
const keptOptional = ["sharp"];

/** Where types of the project's own packages are found beside those of the SDK. */
const faces = {
  "@treehouse/protocol": "packages/protocol/src/index.ts",
  "@treehouse/mls/member": "packages/mls/src/member/index.ts",
};

const manifest = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
const folder = resolve(process.argv[2] ?? join(home, "dist"));
const work = mkdtempSync(join(tmpdir(), "treehouse-pack-"));
try {
  const into = join(work, "package");
  mkdirSync(into);
  await bundle({ node: "client-sdk/src/node.ts" }, "node", into);
  const browser = {
    browser: "client-sdk/src/browser.ts",
    "browser-worker": "client-sdk/src/browser-worker.ts",
  };
  await bundle(browser, "browser", into);
  declare(into);
  writeFileSync(join(into, "package.json"), `${JSON.stringify(packed(), undefined, 2)}\n`);
  mkdirSync(folder, { recursive: true });
  const tarball = join(folder, `treehouse-client-sdk-${manifest.version}.tgz`);
  run("tar", ["-czf", tarball, "-C", work, "package"]);
  process.stdout.write(`${tarball}\n`);
} finally {
  rmSync(work, { recursive: true, force: true });
}

/**
 * @param {Record<string, string>} input
 * @param {"node" | "browser"} platform
 * @param {string} into
 */
async function bundle(input, platform, into) {
  const made = await rolldown({
    cwd: root,
    input,
    platform,
    external: [...kept, ...keptOptional],
    plugins: [
      {
        name: "worker",
        transform: {
          filter: { code: "./browser-worker.ts" },
          handler: (code) => code.replaceAll("./browser-worker.ts", "./browser-worker.js"),
        },
      },
    ],
    logLevel: "silent",
  });
  const chunkFileNames = `${platform}-[name]-[hash].js`;
  await made.write({ dir: into, entryFileNames: "[name].js", chunkFileNames });
}

/**
 * The declarations that the faces reach. Names of the project's own packages become their places.
 *
 * @param {string} into
 */
function declare(into) {
  const out = join(work, "types");
  const config = join(work, "tsconfig.json");
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    outDir: out,
    rootDir: root,
    typeRoots: [join(root, "node_modules/@types")],
    // What is found in `node_modules` gets no declarations.
    paths: Object.fromEntries(
      Object.entries(faces).map(([name, source]) => [name, [join(root, source)]]),
    ),
  };
  const files = ["node.ts", "browser.ts"].map((name) => join(home, "src", name));
  const extended = join(root, "tsconfig.json");
  writeFileSync(config, JSON.stringify({ extends: extended, compilerOptions, include: [], files }));
  run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", config]);
  const entries = ["client-sdk/src/node.ts", "client-sdk/src/browser.ts"];
  copyDeclarations(entries, { from: out, into: join(into, "types"), faces });
}

/** What its `package.json` says. */
function packed() {
  const { name, version, engines } = manifest;
  return {
    name,
    version,
    type: "module",
    engines,
    sideEffects: ["./browser.js", "./browser-worker.js"],
    exports: {
      ".": {
        browser: { types: "./types/client-sdk/src/browser.d.ts", default: "./browser.js" },
        types: "./types/client-sdk/src/node.d.ts",
        default: "./node.js",
      },
      "./package.json": "./package.json",
    },
    dependencies: versions(kept),
    optionalDependencies: versions(keptOptional),
  };
}

/**
 * Those that are installed here.
 *
 * @param {readonly string[]} names
 */
function versions(names) {
  return Object.fromEntries(
    names.map((name) => {
      const path = join(home, "node_modules", name, "package.json");
      if (!existsSync(path)) throw new Error(`${name} is not installed`);
      return [name, JSON.parse(readFileSync(path, "utf8")).version];
    }),
  );
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 */
function run(program, args) {
  const { error, status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw error ?? new Error(`${program} failed:\n${stdout}${stderr}`);
}
