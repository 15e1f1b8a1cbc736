import { spawnSync } from "node:child_process";
import { appendFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const full = process.env["TREEHOUSE_SCALE"] === "full";
const main = fileURLToPath(new URL("../torture/main.ts", import.meta.url));
const torture = (...args: readonly string[]) =>
  spawnSync(process.execPath, [main, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });

test.runIf(full)(
  "R-008 R-015 R-018 real processes keep their promises whatever is done to them",
  { timeout: 6 * 3_600_000 },
  () => {
    const { stdout, status } = torture("--json");
    const notRun = stdout.split("\n").filter((line) => line.startsWith("not run: "));
    const list = process.env["TREEHOUSE_NOT_RUN"] ?? "";
    if (list !== "") for (const line of notRun) appendFileSync(list, `${line}\n`);
    const last: unknown = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
    expect(last).toMatchObject({ violations: 0 });
    expect(status).toBe(0);
  },
);
