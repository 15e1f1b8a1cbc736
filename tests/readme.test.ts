/** The README cannot rot: its commands are taken from the page and run against real servers. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runWith } from "../packages/cli/test/world/terminal.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const bin = join(root, "node_modules", ".bin");
const page = readFileSync(join(root, "README.md"), "utf8");
const manifest: { scripts: Record<string, string> } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
);

/** The lines of all `sh` blocks of a part of the page. */
function commandsOf(text: string): readonly string[] {
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block = ""]) =>
    block.split("\n").filter((line) => line !== ""),
  );
}

/** What a reader types under a heading, from top to bottom. */
function conversationIn(heading: string): readonly string[] {
  const part = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`));
  if (part === undefined) throw new Error(`the README has no part "${heading}"`);
  return commandsOf(part).filter((line) => line.startsWith("npx treehouse "));
}

const commands = commandsOf(page);

let directory = "";
let servers: ChildProcess[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "treehouse-readme-"));
});
afterEach(async () => {
  const running = servers.filter(({ exitCode }) => exitCode === null);
  servers = [];
  await Promise.all(
    running.map(async (server) => {
      const ended = once(server, "close");
      server.kill("SIGKILL");
      await ended;
    }),
  );
  rmSync(directory, { recursive: true, force: true });
});

test("the README's npm commands are scripts of this repository", () => {
  const used = commands
    .filter((line) => line.startsWith("npm "))
    .map((line) => line.replace(/^npm (run )?/, "").split(" ")[0] ?? "");
  expect(used).toEqual(expect.arrayContaining(["start", "test", "demo", "bench"]));
  expect(used.filter((name) => manifest.scripts[name] === undefined)).toEqual([]);
});

/** Whether each command is a process of its own, as it is for a reader: most of it is their start. */
const inProcesses = process.env["TREEHOUSE_SCALE"] === "full";

// Minutes are allowed where a machine is busy.
test(
  "R-144 R-153 C-05 the first conversation of the README happens as it says",
  { timeout: 300_000 },
  async () => {
    const conversation = conversationIn("First conversation");
    expect(conversation.length).toBeGreaterThan(7);
    const { url, invite } = await startServer("alone", ["--port", "0"]);
    let token = invite;
    const shown = new Map<string, string>();
    for (const line of conversation) {
      const register = line.includes("register") ? ["--server", url] : [];
      const output = await run(line.replace("<token>", token), register, "hi alice\n");
      if (line.includes("invite create")) token = output.trim();
      shown.set(line, output);
    }
    const of = (line: string) => shown.get(line) ?? `${line} is not in the README`;
    expect(of("npx treehouse --context bob tail")).toContain('"text":"hello"');
    expect(of("npx treehouse --context bob chat Tea")).toContain('"event":"sent"');
    expect(of("npx treehouse tail")).toContain('"text":"hi alice"');
    const history = of("npx treehouse history Tea");
    expect(history).toMatch(/alice@localhost: hello\n.*bob@localhost: hi alice\n$/);
  },
);

test(
  "R-015 R-144 the first conversation over two servers happens as the README says",
  { timeout: 300_000 },
  async () => {
    const conversation = conversationIn("Two servers");
    expect(conversation.length).toBeGreaterThan(9);
    const configs = commands.flatMap(
      (line) => /^npm start -- --config (\S+)$/.exec(line)?.[1] ?? [],
    );
    const [alpha = "", beta = ""] = configs;
    expect([whereOf(alpha), whereOf(beta)]).toEqual([
      { listens: "http://127.0.0.1:4280", knows: { "beta.test": "http://127.0.0.1:4380" } },
      { listens: "http://127.0.0.1:4380", knows: { "alpha.test": "http://127.0.0.1:4280" } },
    ]);
    // The same two servers, on ports that are free.
    const ports = [await freePort(), await freePort()];
    const urls = ports.map((port) => `http://127.0.0.1:${port}`);
    const starting = configs.map((config, index) => {
      const [other] = Object.keys(whereOf(config).knows);
      const peers = `{ peers = { "${other}" = "${urls[1 - index]}" } }`;
      return startServer(String(index), ["--config", config, "--port", `${ports[index]}`], {
        TREEHOUSE__FEDERATION__DEVELOPMENT: peers,
      });
    });
    const started = await Promise.all(starting);
    const shown = new Map<string, string>();
    for (const line of conversation) {
      const index = line.includes(whereOf(beta).listens) ? 1 : 0;
      const typed = line
        .replace(/http:\/\/127\.0\.0\.1:\d+/, urls[index] ?? "")
        .replace("<token>", started[index]?.invite ?? "");
      let output = await run(typed);
      // Whoever waits for a request looks again.
      for (let looks = 0; line.includes("contact ls") && looks < 20; looks += 1) {
        if (output.includes("incoming")) break;
        output = await run(typed);
      }
      shown.set(line.replace("npx treehouse --context ", ""), output);
    }
    const of = (line: string) => shown.get(line) ?? `${line} is not in the README`;
    expect(of("ben contact ls")).toContain("anna@alpha.test");
    expect(of("ben contact accept anna@alpha.test")).toContain("mutual");
    expect(of("ben tail")).toContain('"text":"hello from alpha"');
    expect(of("anna tail")).toContain('"text":"hello from beta"');
    expect(of("anna history Bridge")).toMatch(
      /anna@alpha\.test: hello from alpha\n.*ben@beta\.test: hello from beta\n$/,
    );
    expect(page).toContain("npx treehouse --context anna fed ls");
    expect(await run("npx treehouse --context anna fed ls")).toContain("beta.test");
  },
);

/** Where a server of the page's listens, and where it finds the other one. */
function whereOf(config: string): { listens: string; knows: Record<string, string> } {
  const text = readFileSync(join(root, config), "utf8");
  const port = /^port = (\d+)$/m.exec(text)?.[1] ?? "";
  const peers = text.split("[federation.development.peers]\n")[1] ?? "";
  const knows = [...peers.matchAll(/^"(\S+)" = "(\S+)"$/gm)].map(([, peer = "", url = ""]) => [
    peer,
    url,
  ]);
  return { listens: `http://127.0.0.1:${port}`, knows: Object.fromEntries(knows) };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return address.port;
}

/** What `npm start` runs, in a folder of its own. */
async function startServer(
  name: string,
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<{ url: string; invite: string }> {
  const script = (manifest.scripts["start"] ?? "").replace(/^exec /, "").split(" ");
  expect(script[0]).toBe("node");
  const started = spawn(
    join(bin, "node"),
    [...script.slice(1), ...args, "--data", join(directory, "data", name)],
    {
      cwd: root,
      env: {
        ...quietEnvironment(),
        TREEHOUSE__METRICS__PORT: "0",
        TREEHOUSE__LOG__LEVEL: "warn",
        ...settings,
      },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  servers.push(started);
  let text = "";
  return new Promise((resolve, reject) => {
    started.once("close", () => reject(new Error(`the server ended: ${text}`)));
    started.stdout.on("data", (chunk) => {
      text += String(chunk);
      const [, url] = /^(http:\S+)\n/m.exec(text) ?? [];
      const [, invite] = /^admin invite: (\S+)\n/m.exec(text) ?? [];
      if (url !== undefined && invite !== undefined) resolve({ url, invite });
    });
  });
}

/** Runs one line of the page, with what has to be added to it here, and the password. */
async function run(line: string, more: readonly string[] = [], typed = ""): Promise<string> {
  const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare);
  const [, program, ...args] = words.map(String);
  expect(program).toBe("treehouse");
  const env = {
    TREEHOUSE_HOME: join(directory, "home"),
    TREEHOUSE_PASSWORD: "a password for the readme",
  };
  const all = [...args, ...more];
  const ran = inProcesses ? await runInProcess(all, env, typed) : await runHere(all, env, typed);
  expect(ran.code, `${line}\n${ran.out}${ran.err}`).toBe(0);
  return ran.out;
}

type Ran = { readonly code: number | null; readonly out: string; readonly err: string };
type Settings = Readonly<Record<string, string>>;

async function runHere(args: readonly string[], env: Settings, input: string): Promise<Ran> {
  const { exit, out, err } = await runWith(args, { env, input });
  return { code: exit, out, err };
}

async function runInProcess(args: readonly string[], env: Settings, input: string): Promise<Ran> {
  const child = spawn(join(bin, "treehouse"), args, {
    cwd: root,
    env: { ...quietEnvironment(), ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => (out += String(chunk)));
  child.stderr.on("data", (chunk) => (err += String(chunk)));
  // A command that reads no input may end before it is given any.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const [code] = await once(child, "close");
  return { code, out, err };
}

/** The environment without settings of whoever runs the tests. */
function quietEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("TREEHOUSE_"));
  return { ...Object.fromEntries(own), PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}` };
}
