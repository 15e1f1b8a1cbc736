/**
 * The server and the CLI in a few files instead of 1,500: most of the time of a start goes into finding
 * and linking modules. Beside a bundle stands what every source was that went into it; as soon as one
 * of them is another one, after an upgrade or a change, the bundle is not used any more.
 */
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const ownRoot = fileURLToPath(new URL("../", import.meta.url));

/** @typedef {"server" | "cli" | "bench"} Name */

/** Threads of the server, which are started by the files that they lie beside. */
const threads = {
  "checkpoint-worker": "homeserver/src/platform/database/checkpoint-worker.ts",
  "copy-worker": "homeserver/src/platform/database/copy-worker.ts",
};

/**
 * `home`: the package from whose folder `better-sqlite3` is found, which is not bundled: it finds its
 * binary by its own place. The first program is the one that is started.
 *
 * @type {Readonly<Record<Name, { home: string, programs: Record<string, string> }>>}
 */
const bundles = {
  server: { home: "homeserver", programs: { main: "homeserver/src/main.ts", ...threads } },
  cli: { home: "client-sdk", programs: { main: "packages/cli/src/main.ts" } },
  bench: {
    home: "packages/bench",
    programs: { main: "packages/bench/src/world/server-main.ts", ...threads },
  },
};

/** What is installed is what the lockfile says, which is copied when all is: see `install.mjs`. */
const decisive = [
  "tools/bundles.mjs",
  "pnpm-lock.yaml",
  "node_modules/.pnpm/lock.yaml",
  "client-sdk/package.json",
  "homeserver/package.json",
  "packages/bench/package.json",
  "packages/cli/package.json",
  "packages/mls/package.json",
  "packages/protocol/package.json",
];

/** What others still make, or run from. */
const keptMs = 3_600_000;
/** The time of a file may be that of the system's last tick. */
const tickMs = 10;

const folderOf = (/** @type {string} */ root, /** @type {Name} */ bundle) =>
  join(root, bundles[bundle].home, "node_modules", ".cache", "bundle");
const recordOf = (/** @type {string} */ root, /** @type {Name} */ bundle) =>
  join(folderOf(root, bundle), "current.json");

/** @typedef {readonly [file: string, state: string, hash: string]} Source */
/** @typedef {{ name: string | undefined, files: Source[] }} Made */

/**
 * The program of a bundle, which is made where there is none of the sources of now; undefined where it
 * cannot be made: then the sources run.
 *
 * @param {Name} bundle
 */
export function bundleOf(bundle) {
  const known = currentBundle(bundle);
  if (known !== undefined) return known;
  if (!mayWrite(join(ownRoot, bundles[bundle].home, "node_modules"))) return undefined;
  // In a process of its own: what it needs of memory ends with it.
  const maker = fileURLToPath(new URL("make-bundle.mjs", import.meta.url));
  spawnSync(process.execPath, [maker, bundle]);
  return currentBundle(bundle);
}

/**
 * Its program, if it was made of exactly the sources that are there now.
 *
 * @param {Name} bundle
 */
export function currentBundle(bundle, root = ownRoot) {
  const { name, files } = readRecord(root, bundle);
  const isSame = (/** @type {Source} */ [file, state, hash]) =>
    stateOf(root, file) === state || hashOf(root, file) === hash;
  return name !== undefined && files.every(isSame)
    ? join(folderOf(root, bundle), name, "main.js")
    : undefined;
}

/**
 * Makes it anew. If something is written meanwhile it is not used.
 *
 * @param {Name} bundle
 */
export async function makeBundle(bundle, root = ownRoot) {
  const since = Date.now();
  const { rolldown } = await import("rolldown");
  const name = randomBytes(8).toString("hex");
  const folder = folderOf(root, bundle);
  const dir = join(folder, name);
  /** @type {string[]} */
  let files = [];
  const made = await rolldown({
    cwd: root,
    input: bundles[bundle].programs,
    platform: "node",
    external: ["better-sqlite3"],
    plugins: [
      {
        name: "places",
        transform: {
          filter: { code: "import.meta.url" },
          handler: (code, file) => keepPlace({ root, folder }, code, file),
        },
        buildEnd() {
          files = [...this.getModuleIds()].filter(isSource).map((file) => relative(root, file));
        },
      },
    ],
    logLevel: "silent",
  });
  const { output } = await made.write({ dir, entryFileNames: "[name].js" });
  if (files.some((file) => statSync(join(root, file)).ctimeMs >= since - tickMs)) return;
  const states = [...decisive, ...files].map((file) => [
    file,
    stateOf(root, file),
    hashOf(root, file),
  ]);
  const before = readRecord(root, bundle).name;
  const record = join(dir, "record.json");
  writeFileSync(record, JSON.stringify({ name, files: states }));
  // A power failure must not leave a record of files that are empty.
  for (const { fileName } of output) toDisk(join(dir, fileName));
  for (const path of [record, dir, folder]) toDisk(path);
  renameSync(record, recordOf(root, bundle));
  for (const other of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, other.name);
    const isOld = statSync(path).mtimeMs < since - keptMs;
    if (other.isDirectory() && other.name !== before && isOld) rmSync(path, { recursive: true });
  }
}

/**
 * Sources find files by their own place, which is kept for them. Who starts a thread looks for a
 * program beside it that is JavaScript if it is that itself, and that is so in the bundle.
 *
 * @param {{ root: string, folder: string }} places
 * @param {string} code
 * @param {string} file
 */
function keepPlace({ root, folder }, code, file) {
  if (!file.startsWith(root) || code.includes("new Worker(")) return undefined;
  const from = JSON.stringify(relative(join(folder, "any"), file).split(sep).join("/"));
  return code.replaceAll("import.meta.url", `new URL(${from}, import.meta.url).href`);
}

/**
 * Whoever may not would try again with each command, in vain.
 *
 * @param {string} folder
 */
function mayWrite(folder) {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** @param {string} path */
function toDisk(path) {
  const opened = openSync(path, "r");
  fsyncSync(opened);
  closeSync(opened);
}

/** @param {string} file */
function isSource(file) {
  return existsSync(file) && !file.includes(`${sep}node_modules${sep}`);
}

/**
 * @param {string} root
 * @param {Name} bundle
 * @returns {Made}
 */
function readRecord(root, bundle) {
  try {
    return JSON.parse(readFileSync(recordOf(root, bundle), "utf8"));
  } catch {
    return { name: undefined, files: [] };
  }
}

/**
 * Nobody writes to a file, or puts another one in its place, without changing this.
 *
 * @param {string} root
 * @param {string} file
 */
function stateOf(root, file) {
  const found = statSync(join(root, file), { throwIfNoEntry: false });
  return found === undefined ? "none" : `${found.size} ${found.ctimeMs} ${found.ino}`;
}

/**
 * For files that somebody copied, or unpacked again.
 *
 * @param {string} root
 * @param {string} file
 */
function hashOf(root, file) {
  const path = join(root, file);
  return existsSync(path) ? createHash("sha256").update(readFileSync(path)).digest("hex") : "none";
}
