/**
 * The server in a few files instead of 1,500: most of the time of a start goes into finding and
 * linking modules. Beside the bundle stands what every source was that went into it; as soon as one of
 * them is another one, after an upgrade or a change, the bundle is not used any more.
 */
import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
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

const programs = {
  main: "homeserver/src/main.ts",
  "checkpoint-worker": "homeserver/src/platform/database/checkpoint-worker.ts",
  "copy-worker": "homeserver/src/platform/database/copy-worker.ts",
};

/** What is installed is what the lockfile says, which is copied when all is: see `install.mjs`. */
const decisive = [
  "tools/server-bundle.mjs",
  "pnpm-lock.yaml",
  "node_modules/.pnpm/lock.yaml",
  "homeserver/package.json",
  "packages/mls/package.json",
  "packages/protocol/package.json",
];

/** What others still make, or run from. */
const keptMs = 3_600_000;
/** The time of a file may be that of the system's last tick. */
const tickMs = 10;

/** From here `better-sqlite3` is found, which is not bundled: it finds its binary by its own place. */
const folderOf = (/** @type {string} */ root) =>
  join(root, "homeserver", "node_modules", ".cache", "bundle");
const recordOf = (/** @type {string} */ root) => join(folderOf(root), "current.json");

/** @typedef {readonly [file: string, state: string, hash: string]} Source */
/** @typedef {{ name: string | undefined, files: Source[] }} Made */

/** Its program, if it was made of exactly the sources that are there now. */
export function currentBundle(root = ownRoot) {
  const { name, files } = readRecord(root);
  const isSame = (/** @type {Source} */ [file, state, hash]) =>
    stateOf(root, file) === state || hashOf(root, file) === hash;
  return name !== undefined && files.every(isSame)
    ? join(folderOf(root), name, "main.js")
    : undefined;
}

/** Makes it anew. If something is written meanwhile it is not used. */
export async function makeBundle(root = ownRoot) {
  const since = Date.now();
  const { rolldown } = await import("rolldown");
  const name = randomBytes(8).toString("hex");
  const folder = folderOf(root);
  const dir = join(folder, name);
  /** @type {string[]} */
  let files = [];
  const bundle = await rolldown({
    cwd: root,
    input: programs,
    platform: "node",
    external: ["better-sqlite3"],
    plugins: [
      {
        name: "places",
        transform: {
          filter: { code: "import.meta.url" },
          handler: (code, file) => keepPlace(root, code, file),
        },
        buildEnd() {
          files = [...this.getModuleIds()].filter(isSource).map((file) => relative(root, file));
        },
      },
    ],
    logLevel: "silent",
  });
  const { output } = await bundle.write({ dir, entryFileNames: "[name].js" });
  if (files.some((file) => statSync(join(root, file)).ctimeMs >= since - tickMs)) return;
  const states = [...decisive, ...files].map((file) => [
    file,
    stateOf(root, file),
    hashOf(root, file),
  ]);
  const before = readRecord(root).name;
  const record = join(dir, "record.json");
  writeFileSync(record, JSON.stringify({ name, files: states }));
  // A power failure must not leave a record of files that are empty.
  for (const { fileName } of output) toDisk(join(dir, fileName));
  for (const path of [record, dir, folder]) toDisk(path);
  renameSync(record, recordOf(root));
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
 * @param {string} root
 * @param {string} code
 * @param {string} file
 */
function keepPlace(root, code, file) {
  if (!file.startsWith(root) || code.includes("new Worker(")) return undefined;
  const from = JSON.stringify(
    relative(join(folderOf(root), "any"), file)
      .split(sep)
      .join("/"),
  );
  return code.replaceAll("import.meta.url", `new URL(${from}, import.meta.url).href`);
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
 * @returns {Made}
 */
function readRecord(root) {
  try {
    return JSON.parse(readFileSync(recordOf(root), "utf8"));
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
