import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, expect, test } from "vitest";

import { root, runProcess } from "../world/children.ts";

const scratch = mkdtempSync(join(tmpdir(), "treehouse-demo-test-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const full = process.env["TREEHOUSE_SCALE"] === "full";
const size = full ? { messages: 300, kills: 6, cuts: 4 } : { messages: 24, kills: 2, cuts: 1 };

const demo = (args: readonly string[], options: Parameters<typeof runProcess>[2] = {}) =>
  runProcess(process.execPath, [join(root, "packages/cli/src/demo/main.ts"), ...args], {
    ...options,
    env: { TMPDIR: scratch },
  });

function lastLine(out: string): unknown {
  return JSON.parse(out.trimEnd().split("\n").at(-1) ?? "");
}

for (const seed of full ? [1, 2, 3] : [1]) {
  test(
    `R-001 R-015 with seed ${seed} nothing is lost, doubled, disordered or leaked while three servers die`,
    { timeout: 300_000 },
    async () => {
      const { messages, kills, cuts } = size;
      const numbers = { messages, kills, cuts, seed };
      const args = Object.entries(numbers).flatMap(([name, value]) => [`--${name}`, `${value}`]);
      const ended = await demo([...args, "--json"]);
      expect([ended.code, ended.err]).toEqual([0, ""]);
      const report = lastLine(ended.out);
      expect(report).toMatchObject({
        ok: true,
        servers: 3,
        users: 6,
        messages,
        kills,
        cuts,
        underWay: Array.from({ length: kills + cuts }, () => expect.any(Number)),
        lost: 0,
        duplicated: 0,
        reordered: 0,
        readWhileRemoved: 0,
        leaked: 0,
        problems: [],
      });
      expect(readdirSync(scratch)).toEqual([]);
    },
  );
}

test("a demo that cannot be run says so in its last line and ends with 1", async () => {
  const ended = await demo(["--messages", "9", "--kills", "9", "--json"]);
  expect(ended.code).toBe(1);
  expect(lastLine(ended.out)).toMatchObject({ ok: false, problems: [expect.any(String)] });
  expect(ended.err).toContain("FAILED");
});

test("an interrupted demo leaves no process and no file behind", async () => {
  let sent = false;
  const ended = await demo(["--messages", "45"], {
    heard(out, child) {
      if (sent || !out.includes("Three homeservers serve")) return;
      sent = true;
      child.kill("SIGINT");
    },
  });
  expect([sent, ended.code]).toEqual([true, 130]);
  expect(readdirSync(scratch)).toEqual([]);
  expect(await processesOf(scratch)).toEqual([]);
});

/** Command lines and environments of running processes that name the folder. */
async function processesOf(folder: string): Promise<readonly string[]> {
  const { out } = await runProcess("ps", ["-eo", "pid,args"]);
  const lines = out.split("\n");
  expect(lines.some((line) => line.includes("ps -eo"))).toBe(true);
  return lines.filter((line) => {
    const pid = line.trim().split(/\s+/)[0] ?? "";
    if (pid === String(process.pid)) return false;
    return line.includes(folder) || environmentOf(pid).includes(`TREEHOUSE_HOME=${folder}`);
  });
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch {
    return "";
  }
}
