/** The README cannot rot: its commands are taken from the page and run against a real server. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const bin = join(root, "node_modules", ".bin");
const page = readFileSync(join(root, "README.md"), "utf8");
const manifest: { scripts: Record<string, string> } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
);

const commands = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block = ""]) =>
  block.split("\n").filter((line) => line !== ""),
);
/** What a reader types in the second terminal, from top to bottom. */
const conversation = commands.filter((line) => line.startsWith("npx treehouse "));

let directory = "";
let server: ChildProcess | undefined;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "treehouse-readme-"));
});
afterAll(async () => {
  if (server?.exitCode === null) {
    const ended = once(server, "close");
    server.kill("SIGKILL");
    await ended;
  }
  rmSync(directory, { recursive: true, force: true });
});

test("the README's npm commands are scripts of this repository", () => {
  const used = commands
    .filter((line) => line.startsWith("npm "))
    .map((line) => line.replace(/^npm (run )?/, "").split(" ")[0] ?? "");
  expect(used).toEqual(expect.arrayContaining(["start", "test", "demo", "bench"]));
  expect(used.filter((name) => manifest.scripts[name] === undefined)).toEqual([]);
});

// Each command is a process of its own: minutes are allowed where a machine is busy.
test(
  "R-144 R-153 C-05 the first conversation of the README happens as it says",
  { timeout: 300_000 },
  async () => {
    expect(conversation.length).toBeGreaterThan(7);
    const { url, invite } = await startServer();
    let token = invite;
    const shown = new Map<string, string>();
    for (const line of conversation) {
      const output = await run(line.replace("<token>", token), url, "hi alice\n");
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

/** What `npm start` runs, on free ports and in a folder of its own. */
async function startServer(): Promise<{ url: string; invite: string }> {
  const script = (manifest.scripts["start"] ?? "").replace(/^exec /, "").split(" ");
  expect(script[0]).toBe("node");
  const started = spawn(
    join(bin, "node"),
    [...script.slice(1), "--port", "0", "--data", join(directory, "data")],
    {
      cwd: root,
      env: { ...quietEnvironment(), TREEHOUSE__METRICS__PORT: "0", TREEHOUSE__LOG__LEVEL: "warn" },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  server = started;
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

/** Runs one line of the page; only the server's address and the password are added. */
async function run(line: string, url: string, typed: string): Promise<string> {
  const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare);
  const [, program, ...args] = words.map(String);
  expect(program).toBe("treehouse");
  if (args.includes("register")) args.push("--server", url);
  const child = spawn(join(bin, "treehouse"), args, {
    cwd: root,
    env: {
      ...quietEnvironment(),
      TREEHOUSE_HOME: join(directory, "home"),
      TREEHOUSE_PASSWORD: "a password for the readme",
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let [output, errors] = ["", ""];
  child.stdout.on("data", (chunk) => (output += String(chunk)));
  child.stderr.on("data", (chunk) => (errors += String(chunk)));
  // A command that reads no input may end before it is given any.
  child.stdin.on("error", () => undefined);
  child.stdin.end(typed);
  const [code] = await once(child, "close");
  expect(code, `${line}\n${output}${errors}`).toBe(0);
  return output;
}

/** The environment without settings of whoever runs the tests. */
function quietEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("TREEHOUSE_"));
  return { ...Object.fromEntries(own), PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}` };
}
