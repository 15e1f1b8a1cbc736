/**
 * The tree checks itself: directions of imports, module faces, dead files, sizes, and what the
 * browser-safe packages reach. The scan is textual and relies on the formatter's double quotes.
 */
import { globSync, readFileSync } from "node:fs";
import { dirname, normalize } from "node:path";
import { expect, test } from "vitest";

/** Areas, and the areas each may import (production code; tests may import anything). */
const areas: Record<string, readonly string[]> = {
  "packages/protocol": [],
  "packages/mls": ["packages/protocol"],
  "packages/testkit": [
    "client-sdk",
    "federation-spec",
    "homeserver",
    "packages/cli",
    "packages/mls",
    "packages/protocol",
  ],
  "client-sdk": ["packages/protocol", "packages/mls"],
  homeserver: ["packages/protocol", "packages/mls"],
  "packages/cli": ["client-sdk", "packages/protocol"],
  "packages/bench": [
    "client-sdk",
    "homeserver",
    "packages/mls",
    "packages/protocol",
    // The server that is measured starts as `npm start` starts it.
    "tools/bundles.mjs",
  ],
  "federation-spec": ["packages/protocol"],
};

/** Modules of the homeserver, and the modules whose `index.ts` each may import. */
const homeserverModules: Record<string, readonly string[]> = {
  config: [],
  platform: [],
  authentication: ["platform"],
  backup: ["platform"],
  "key-packages": ["platform"],
  delivery: ["platform"],
  queuing: ["platform"],
  realtime: ["platform"],
  peers: ["platform"],
  federation: ["platform"],
  factors: ["platform"],
  rendezvous: ["platform"],
  assets: ["platform"],
};

/** Layers of the client SDK, from the network up to the face. */
const sdkModules: Record<string, readonly string[]> = {
  environment: ["assets"],
  events: [],
  zone: [],
  search: ["zone"],
  storage: ["search"],
  "sticker-files": [],
  "storage-sqlite": ["storage"],
  "storage-wasm": ["storage"],
  tabs: ["client", "errors", "events", "messages", "transport"],
  errors: ["search", "storage", "transport"],
  "link-previews": ["errors"],
  media: [],
  "pictures-sharp": ["media"],
  transport: [],
  account: ["storage", "transport"],
  assets: ["errors", "storage", "transport"],
  copies: ["events", "storage"],
  sync: ["events", "storage", "transport"],
  groups: ["events", "storage", "transport"],
  files: ["account", "groups", "media", "messages", "storage", "transport"],
  messages: ["errors", "events", "groups", "media", "search", "storage"],
  profiles: ["account", "events", "groups", "messages", "storage"],
  presence: ["events", "storage"],
  history: ["account", "assets", "errors", "events", "groups", "messages", "storage", "transport"],
  stickers: ["account", "messages", "sticker-files", "storage"],
  notifications: ["account", "events", "groups", "messages", "search", "storage", "zone"],
  client: [
    "notifications",
    "account",
    "assets",
    "copies",
    "errors",
    "events",
    "files",
    "groups",
    "media",
    "history",
    "messages",
    "profiles",
    "presence",
    "search",
    "stickers",
    "storage",
    "sync",
    "transport",
    "zone",
  ],
};

const members = "{homeserver,client-sdk,federation-spec,packages/*}";
const sources = globSync(`${members}/src/**/*.ts`).map((file) => file.replaceAll("\\", "/"));
const tests = globSync(`{${members},.}/{test,tests}/**/*.ts`, {
  exclude: (name) => name === "node_modules",
});
const isTest = (file: string) => /\.(test|contract)\.ts$/.test(file) || file.includes("/test/");
const read = (file: string) => readFileSync(file, "utf8");

/** A file, or one for browsers and one for everything else. */
type Face = string | { readonly browser: string; readonly default: string };

const folders = new Map(
  globSync(`${members}/package.json`).map((file) => {
    const manifest: { name: string; exports?: Record<string, Face> } = JSON.parse(read(file));
    return [manifest.name, { folder: dirname(file), exports: manifest.exports ?? {} }] as const;
  }),
);

const importPattern =
  /^(?:import|export)\b[^;"]*?\bfrom "([^"]+)"|^import "([^"]+)"|\bimport\(\s*"([^"]+)"/gm;

function imports(file: string): readonly string[] {
  return [...read(file).matchAll(importPattern)].map(([, a, b, c]) => a ?? b ?? c ?? "");
}

function resolve(from: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) return normalize(`${dirname(from)}/${specifier}`);
  const [scope, name, ...rest] = specifier.split("/");
  const found = folders.get(`${scope}/${name}`);
  if (found === undefined) return undefined;
  const face = found.exports[rest.length === 0 ? "." : `./${rest.join("/")}`];
  const entry = typeof face === "object" ? face.default : face;
  return normalize(`${found.folder}/${entry ?? "missing-export"}`);
}

const edges = [...sources, ...tests].flatMap((from) =>
  imports(from).flatMap((specifier) => {
    const to = resolve(from, specifier);
    return to === undefined ? [] : [{ from, to }];
  }),
);

const areaOf = (file: string) =>
  Object.keys(areas).find((area) => file.startsWith(`${area}/`)) ?? file;

test("the scan sees the tree", () => {
  expect(sources.length).toBeGreaterThan(100);
  expect(tests.length).toBeGreaterThan(10);
  expect(edges.length).toBeGreaterThan(200);
  expect([...folders.values()].map(({ folder }) => folder).toSorted()).toEqual(
    Object.keys(areas).toSorted(),
  );
  for (const area of Object.keys(areas)) {
    expect(sources.filter((file) => file.startsWith(`${area}/`)).length).toBeGreaterThan(0);
  }
});

test("areas import only what they are allowed to, by an exported face", () => {
  const wrong = edges.filter(({ from, to }) => {
    const [a, b] = [areaOf(from), areaOf(to)];
    if (a === b || isTest(from) || from.startsWith("tests/")) return to.endsWith("missing-export");
    return !areas[a]?.includes(b) || to.endsWith("missing-export");
  });
  expect(wrong).toEqual([]);
});

test("R-165 the homeserver never imports code that can hold a group secret", () => {
  const wrong = edges.filter(
    ({ from, to }) =>
      from.startsWith("homeserver/src/") &&
      !isTest(from) &&
      to.startsWith("packages/mls/src/member"),
  );
  expect(wrong).toEqual([]);
});

test("what a server imports of @treehouse/mls reaches no member code", () => {
  const seen = reachable("packages/mls/src/public/index.ts");
  expect(seen.size).toBeGreaterThan(1);
  expect([...seen].filter((file) => file.startsWith("packages/mls/src/member"))).toEqual([]);
});

test("only @treehouse/mls imports ts-mls", () => {
  const wrong = [...sources, ...tests].filter(
    (file) =>
      !file.startsWith("packages/mls/") && imports(file).some((name) => /^ts-mls(\/|$)/.test(name)),
  );
  expect(wrong).toEqual([]);
});

for (const [area, modules] of [
  ["homeserver", homeserverModules],
  ["client-sdk", sdkModules],
] as const) {
  test(`R-012 modules of ${area} meet only in index.ts, along declared edges`, () => {
    const moduleOf = (file: string) => new RegExp(`^${area}/src/([^/]+)/`).exec(file)?.[1];
    const wrong = edges.filter(({ from, to }) => {
      const [a, b] = [moduleOf(from), moduleOf(to)];
      if (a === undefined || b === undefined || a === b || isTest(from)) return false;
      return modules[a]?.includes(b) !== true || !to.endsWith("/index.ts");
    });
    expect(wrong).toEqual([]);
    const found = new Set(sources.flatMap((file) => moduleOf(file) ?? []));
    expect([...found].filter((name) => !(name in modules))).toEqual([]);
  });
}

test("a folder of protocol is used from outside through its index.ts", () => {
  const moduleOf = (file: string) => /^packages\/protocol\/src\/([^/]+)\//.exec(file)?.[1];
  const wrong = edges.filter(({ from, to }) => {
    const [a, b] = [moduleOf(from), moduleOf(to)];
    return b !== undefined && a !== b && !isTest(from) && !to.endsWith("/index.ts");
  });
  expect(wrong).toEqual([]);
});

test("SQL stands only in stores, schemas and the database", () => {
  const wrong = sources.filter(
    (file) =>
      !isTest(file) &&
      !/(store\.sqlite|schema)\.ts$|\/platform\/database\/|\/storage(-sqlite|-wasm)?\//.test(
        file,
      ) &&
      !/^packages\/(bench|testkit\/src\/simulator)\//.test(file) &&
      imports(file).some((name) =>
        /^(drizzle-orm|better-sqlite3|@sqlite\.org\/sqlite-wasm)(\/|$)/.test(name),
      ),
  );
  expect(wrong).toEqual([]);
});

test("protocol, mls and the SDK's browser entry reach no node: import and no Buffer", () => {
  const roots = [
    "packages/protocol/src/index.ts",
    "packages/mls/src/public/index.ts",
    "packages/mls/src/member/index.ts",
    "packages/mls/src/crypto/noble/index.ts",
    "client-sdk/src/browser.ts",
    "client-sdk/src/browser-worker.ts",
  ];
  const wrong = roots.flatMap((entry) => {
    const seen = [...reachable(entry)];
    expect(seen.length, `${entry} is scanned`).toBeGreaterThan(1);
    return seen.filter(
      (file) =>
        imports(file).some((name) => name.startsWith("node:")) ||
        /\bBuffer\b/.test(read(file).replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, "")),
    );
  });
  expect(wrong).toEqual([]);
});

test("no dead file", () => {
  const reached = new Set(edges.map(({ to }) => to));
  const spawned = [
    ...sources,
    ...tests,
    ...globSync("{package.json,*/package.json,packages/*/package.json}"),
  ]
    .map(read)
    .join("\n");
  const wrong = sources.filter(
    (file) =>
      !isTest(file) &&
      !reached.has(file) &&
      !/(^|\/)(main|index|node|browser)\.ts$/.test(file) &&
      !spawned.includes(file.slice(file.lastIndexOf("/") + 1)),
  );
  expect(wrong).toEqual([]);
});

test("files stay under 350 lines, and lines under 120 columns", () => {
  const wrong = [...sources, ...tests].flatMap((file) => {
    const lines = read(file).split("\n");
    const long = lines.findIndex((line) => line.length > 120);
    if (lines.length > 351) return [`${file}: ${lines.length} lines`];
    return long === -1 ? [] : [`${file}:${long + 1} is ${lines[long]?.length} columns wide`];
  });
  expect(wrong).toEqual([]);
});

test("no file is looked for at the path of a URL, in which a space is written %20", () => {
  const tools = globSync("tools/**/*.{ts,mjs}");
  expect(tools.length).toBeGreaterThan(3);
  const pattern = /new URL\([^)]*import\.meta\.url\)\.pathname/;
  expect([...sources, ...tests, ...tools].filter((file) => pattern.test(read(file)))).toEqual([]);
});

test("each document has exactly one title", () => {
  const documents = ["README.md", ...globSync("{docs,federation-spec}/**/*.md", { exclude })];
  expect(documents.length).toBeGreaterThan(5);
  const wrong = documents.filter((file) => {
    const text = proseOf(file);
    return text.split("\n").filter((line) => line.startsWith("# ")).length !== 1;
  });
  expect(wrong).toEqual([]);
});

test("relative links in documents lead somewhere", () => {
  const documents = ["README.md", ...globSync("{docs,federation-spec}/**/*.md", { exclude })];
  const wrong = documents.flatMap((file) =>
    [...proseOf(file).matchAll(/\]\((?!https?:|mailto:|#)([^)#]+)(?:#[^)]*)?\)/g)].flatMap(
      ([, target]) => {
        const path = normalize(`${dirname(file)}/${target}`);
        return globSync(path).length > 0 ? [] : [`${file} → ${target}`];
      },
    ),
  );
  expect(wrong).toEqual([]);
});

test("each rule of the federation specification is cited by a test or by code", () => {
  const rules = new Set(
    globSync("federation-spec/*.md").flatMap((file) => read(file).match(/\bFED-\d{3,4}\b/g) ?? []),
  );
  expect(rules.size).toBeGreaterThan(10);
  const cited = [...sources, ...tests].map(read).join("\n");
  expect([...rules].filter((rule) => !cited.includes(rule)).toSorted()).toEqual([]);
});

/** A document without its code, which may look like anything. */
function proseOf(file: string): string {
  return read(file)
    .replaceAll(/^```[\s\S]*?^```/gm, "")
    .replaceAll(/`[^`\n]*`/g, "");
}

function exclude(name: string): boolean {
  return name === "node_modules";
}

/** Files that an entry reaches over imports that exist at run time. */
function reachable(entry: string): Set<string> {
  const seen = new Set<string>();
  const todo = [entry];
  for (let file = todo.pop(); file !== undefined; file = todo.pop()) {
    if (seen.has(file) || !sources.includes(file)) continue;
    seen.add(file);
    const text = read(file).replaceAll(/^(?:import|export) type\b[^;]*;/gm, "");
    for (const [, a, b, c] of text.matchAll(importPattern)) {
      const to = resolve(file, a ?? b ?? c ?? "");
      if (to !== undefined) todo.push(to);
    }
  }
  return seen;
}
