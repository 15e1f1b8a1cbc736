/**
 * `npm test`: everything that "green" means. Every check runs, also after one has failed.
 *
 * With arguments only the tests run, and the arguments go to vitest (`npm test -- tidy`).
 * The last line is `N passed, N failed`; before it stands one line `not run: <what>: <why>` for
 * each thing that this machine cannot run. Tests append those lines to `TREEHOUSE_NOT_RUN`.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

type Check = { readonly name: string; readonly command: readonly string[] };

const root = fileURLToPath(new URL("../", import.meta.url));
const bin = join(root, "node_modules", ".bin");
const scratch = mkdtempSync(join(tmpdir(), "treehouse-check-"));
const report = join(scratch, "vitest.json");
const notRun = join(scratch, "not-run.txt");

const filters = process.argv.slice(2);
const tests: Check = {
  name: "tests",
  command: [
    "vitest",
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
    ...filters,
  ],
};
const statics: readonly Check[] = [
  { name: "format", command: ["oxfmt", "--check", "."] },
  { name: "lint", command: ["oxlint", "--type-aware", "--deny-warnings"] },
  { name: "types", command: ["tsc"] },
  { name: "dead code", command: ["knip"] },
];

let child: ReturnType<typeof spawn> | undefined;
let stopped = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    stopped = true;
    child?.kill(signal);
  });
}

let passed = 0;
let failed = 0;
for (const check of filters.length > 0 ? [] : statics) {
  if (stopped) break;
  const ok = (await run(check)) === 0;
  console.log(`${ok ? "✓" : "✗"} ${check.name}`);
  if (ok) passed += 1;
  else failed += 1;
}
if (!stopped) {
  const code = await run(tests);
  const counted = countTests();
  passed += counted.passed;
  failed += counted.failed;
  if (code !== 0 && counted.failed === 0) failed += 1;
}
if (stopped) failed += 1;
for (const line of notRunLines()) console.log(line);
console.log(`${passed} passed, ${failed} failed`);
rmSync(scratch, { recursive: true, force: true });
process.exitCode = failed === 0 ? 0 : 1;

function run(check: Check): Promise<number> {
  const [program = "", ...args] = check.command;
  return new Promise((resolve) => {
    child = spawn(join(bin, program), args, {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      env: {
        ...process.env,
        PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}`,
        TREEHOUSE_NOT_RUN: notRun,
      },
    });
    child.once("error", (error) => {
      console.error(`${check.name} could not start: ${error.message}`);
      resolve(1);
    });
    child.once("close", (code) => resolve(code ?? 1));
  });
}

function countTests(): { passed: number; failed: number } {
  if (!existsSync(report)) return { passed: 0, failed: 0 };
  const parsed: unknown = JSON.parse(readFileSync(report, "utf8"));
  return { passed: count(parsed, "numPassedTests"), failed: count(parsed, "numFailedTests") };
}

function count(parsed: unknown, field: string): number {
  if (typeof parsed !== "object" || parsed === null) return 0;
  const value: unknown = Reflect.get(parsed, field);
  return typeof value === "number" ? value : 0;
}

function notRunLines(): readonly string[] {
  if (!existsSync(notRun)) return [];
  const lines = readFileSync(notRun, "utf8").split("\n");
  return [...new Set(lines.filter((line) => line.startsWith("not run: ")))].toSorted();
}
