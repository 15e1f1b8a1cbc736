import { developmentPeers } from "@treehouse/federation-spec/conformance";
import type { OwnServer } from "@treehouse/federation-spec/conformance";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../start.mjs", import.meta.url));
const startMs = 60_000;

/** Our own server as an operator runs it: a process of its own, over a fresh data directory. */
export async function startOwnServer(peerDomain: string, peersAt: URL): Promise<OwnServer> {
  const directory = mkdtempSync(join(tmpdir(), "treehouse-conformance-"));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  process.once("exit", remove);
  const config = join(directory, "treehouse.toml");
  writeFileSync(
    config,
    [
      '[server]\ndomain = "tested.test"\nport = 0',
      `[storage]\ndirectory = ${JSON.stringify(join(directory, "data"))}`,
      '[log]\nlevel = "silent"',
      "[metrics]\nenabled = false",
      "[limits]\nregistrations_per_address = 10000\nkey_package_uploads = 10000\nclaims_per_pair = 10000",
      ...developmentPeers(peerDomain, peersAt),
    ].join("\n"),
  );
  const child = spawn(process.execPath, [main, "--config", config], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  let invite: string | undefined;
  const url = await new Promise<URL>((resolve, reject) => {
    const late = setTimeout(() => {
      // As long as it runs this program would not end.
      kill();
      reject(new Error("our server did not start in time"));
    }, startMs);
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith("admin invite: ")) invite = line.slice("admin invite: ".length);
      if (!line.startsWith("http")) return;
      clearTimeout(late);
      resolve(new URL(line));
    });
    void ended.then((code) => {
      clearTimeout(late);
      reject(new Error(`our server ended with ${code} before it served`));
    }, reject);
  });
  if (invite === undefined) throw new Error("our server has printed no admin invite");
  return {
    url,
    invite,
    async [Symbol.asyncDispose]() {
      process.off("exit", kill);
      child.kill("SIGTERM");
      await ended;
      process.off("exit", remove);
      remove();
    },
  };
}
