import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * The state of this repository from which an update must work. What it leaves in databases and stores,
 * and what it says to servers and clients, is read and answered to this day: a change that ends that
 * names the next such state in the release that follows.
 */
const earlier = "38eb954c";

/** Why it cannot be had here; undefined if it can. */
export function earlierMissing(): string | undefined {
  const { error, status } = git("cat-file", "-e", `${earlier}^{commit}`);
  if (error !== undefined) return "git is not installed";
  return status === 0 ? undefined : `this clone does not reach back to ${earlier}`;
}

/** Lays it out in an empty folder, ready to run. */
export function layOutEarlier(folder: string): void {
  const steps = [
    () => git("clone", "--quiet", "--no-checkout", "--shared", root, folder),
    () => git("-C", folder, "checkout", "--quiet", "--detach", earlier),
    () => spawnSync(process.execPath, ["tools/install.mjs"], { cwd: folder, encoding: "utf8" }),
  ];
  for (const step of steps) {
    const { error, status, stdout, stderr } = step();
    if (status !== 0)
      throw new Error(`${earlier} cannot be laid out: ${stdout}${stderr}`, { cause: error });
  }
}

function git(...args: readonly string[]) {
  return spawnSync("git", args, { cwd: root, encoding: "utf8" });
}
