/** The SDK as programs get it that are not in this repository: a tarball of `npm run pack`. */
import { spawn, spawnSync } from "node:child_process";
import {
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";
import { build } from "vite";

import { password, startServer } from "../world/server.ts";
import { next, reads } from "../world/waiting.ts";

const repository = process.cwd();
const app = mkdtempSync(join(tmpdir(), "treehouse-app-"));
afterAll(() => rmSync(app, { recursive: true, force: true }));

/** The first of its kind on the page, as it stands there. */
function onPage(kind: "ts" | "json"): string {
  const page = readFileSync("docs/sdk/quickstart.md", "utf8");
  return new RegExp(`^\`\`\`${kind}\n([\\s\\S]*?)^\`\`\`$`, "m").exec(page)?.[1] ?? "";
}

function run(program: string, args: readonly string[], cwd: string) {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: "utf8" });
  return { status, said: `${stdout}${stderr}`.trim() };
}

/** It bundles twice and compiles all of the SDK, on machines that do much else. */
const packingMs = 180_000;
const sdk = join(app, "node_modules/@treehouse/client-sdk");
type Manifest = { readonly dependencies: Record<string, string>; readonly engines: unknown };
const manifest = (): Manifest => JSON.parse(readFileSync(join(sdk, "package.json"), "utf8"));

/** Lays things out as a package manager does, which would fetch from the network what is here already. */
beforeAll(() => {
  const { said: tarball } = run(process.execPath, ["tools/pack-sdk.mjs", app], repository);
  mkdirSync(sdk, { recursive: true });
  const { status, said } = run("tar", ["-xzf", tarball, "--strip-components=1", "-C", sdk], app);
  if (status !== 0) throw new Error(`${tarball}\n${said}`);
  const theirs = Object.keys(manifest().dependencies).map(
    (name) => `client-sdk/node_modules/${name}`,
  );
  for (const path of [...theirs, "node_modules/@types/node"]) {
    const place = join(app, path.slice(path.indexOf("node_modules/")));
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(realpathSync(path), place);
  }
  writeFileSync(join(app, "package.json"), '{ "type": "module" }');
}, packingMs);

test("it says what it needs, and nothing that is in no registry", () => {
  const { dependencies, engines } = manifest();
  expect(engines).toEqual({ node: ">=24" });
  expect(Object.keys(dependencies).filter((name) => name.startsWith("@treehouse/"))).toEqual([]);
});

const browserOptions = { module: "esnext", moduleResolution: "bundler", types: [] };

test.for([
  ["of the page", {}],
  ["of a bundler for browsers", { ...browserOptions, customConditions: ["browser"] }],
] as const)("a program compiles under the strict options %s", ([, options]) => {
  // In a browser there is no `process`.
  const code = onPage("ts").replace('process.env["PW"] ?? ""', '"secret"');
  writeFileSync(join(app, "main.ts"), "types" in options ? code : onPage("ts"));
  const { compilerOptions } = JSON.parse(onPage("json"));
  const config = { compilerOptions: { ...compilerOptions, noEmit: true, ...options } };
  writeFileSync(join(app, "tsconfig.json"), JSON.stringify({ ...config, files: ["main.ts"] }));
  const tsc = join(repository, "node_modules/typescript/bin/tsc");
  expect(run(process.execPath, [tsc, "-p", "."], app)).toEqual({ status: 0, said: "" });
});

test("the quick start runs outside the repository", async () => {
  await using server = await startServer();
  const bob = await server.register("bob");
  const first = `store: "./alice.db", register: {}, server: ${JSON.stringify(server.url)},`;
  writeFileSync(join(app, "first.ts"), onPage("ts").replace('store: "./alice.db",', first));
  const joined = next(bob, "joined", () => true);
  const env = { ...process.env, PW: password, NODE_OPTIONS: "" };
  const program = spawn(process.execPath, ["first.ts"], { cwd: app, env, stdio: "inherit" });
  const ended = new Promise((resolve) => program.once("exit", resolve));
  try {
    const room = await bob.conversations.get((await joined).room);
    await reads(bob, room.id, "hello from this side");
    await room.send("and from that one");
    await reads(bob, room.id, "got: and from that one");
    expect((await room.members()).map(({ address }) => address)).toContain("alice@localhost");
  } finally {
    program.kill();
    await ended;
  }
});

test("a bundler makes a page of it, with the worker and the engine of the store", async () => {
  const page = 'import { Client } from "@treehouse/client-sdk";\nconsole.log(Client);\n';
  writeFileSync(join(app, "page.js"), page);
  const input = join(app, "page.js");
  await build({
    root: app,
    configFile: false,
    logLevel: "silent",
    worker: { format: "es" },
    build: { outDir: join(app, "site"), rolldownOptions: { input } },
  });
  const made = globSync("assets/*", { cwd: join(app, "site") }).map((name) =>
    name.replace(/^assets.([a-z0-9]+).*(\.\w+)$/, "$1$2"),
  );
  expect(made).toEqual(expect.arrayContaining(["page.js", "browser.js", "sqlite3.wasm"]));
});
