import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../../tools/start.mjs", import.meta.url));

/** A homeserver in a process of its own, which can be killed. */
export interface Program extends AsyncDisposable {
  readonly url: string;
  readonly directory: string;
  /** As by a power cut, as far as a process can tell; resolves when it is gone. */
  kill(): Promise<void>;
  /** Over the same data and on the same port. */
  start(): Promise<void>;
}

export async function startProgram(): Promise<Program> {
  const directory = mkdtempSync(join(tmpdir(), "treehouse-program-"));
  let port = "0";
  const run = async () => {
    const { PATH, NODE_COMPILE_CACHE, NODE_OPTIONS } = process.env;
    const child = spawn(process.execPath, [main, "--data", join(directory, "data")], {
      env: {
        PATH,
        NODE_COMPILE_CACHE,
        NODE_OPTIONS,
        TREEHOUSE__SERVER__PORT: port,
        TREEHOUSE__METRICS__ENABLED: "false",
        TREEHOUSE__REGISTRATION__MODE: "open",
        TREEHOUSE__LOG__LEVEL: "silent",
      },
      stdio: ["ignore", "pipe", "ignore"],
    });
    let told = "";
    const url = await new Promise<string>((resolve, reject) => {
      child.stdout.on("data", (octets) => {
        told += String(octets);
        const line = /^(http:\/\/\S+)\n/m.exec(told)?.[1];
        if (line !== undefined) resolve(line);
      });
      child.once("close", () => reject(new Error("the server did not start")));
    });
    return { child, url };
  };
  let running = await run();
  const { url } = running;
  ({ port } = new URL(url));
  const kill = async () => {
    if (running.child.exitCode !== null || running.child.signalCode !== null) return;
    const gone = once(running.child, "close");
    running.child.kill("SIGKILL");
    await gone;
  };
  return {
    url,
    directory,
    kill,
    async start() {
      running = await run();
    },
    async [Symbol.asyncDispose]() {
      await kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
