import { availableParallelism } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { bundleOf } from "./tools/bundles.mjs";

// Tests start hundreds of programs, which all load the same modules.
process.env["NODE_COMPILE_CACHE"] ??= join(import.meta.dirname, "node_modules/.cache/compiled");
const quickImports = new URL("./tools/quick-imports.mjs", import.meta.url);
process.env["NODE_OPTIONS"] = `${process.env["NODE_OPTIONS"] ?? ""} --import=${quickImports.href}`;

// Once for all, or the first programs would each make them.
bundleOf("server");
bundleOf("cli");

const exclude = ["**/node_modules/**", "**/dist/**"];

/** Small files that run long: the last of them would run alone at the end. */
const longest =
  /(demo|conformance|conformance-faults|backup-two-servers|restore|restore-returned|forks|contacts|readme|bench|backup-commands|system-kills|federation-e2e-[a-z-]+|system-clients|fuzz|exit-codes|simulator)\.test\.ts$/;

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean => longest.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    // Flows wait for servers of their own: a worker more than there are cores keeps them busy. (A share
    // above 100% would be taken for 100%.)
    maxWorkers: availableParallelism() + 1,
    projects: [
      { test: { name: "unit", include: ["**/src/**/*.test.ts"], exclude, isolate: false } },
      {
        test: {
          name: "flow",
          include: ["**/test/**/*.test.ts", "tests/**/*.test.ts"],
          exclude,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Loading the server and the SDK costs more than many a flow: one world per worker.
          isolate: false,
        },
      },
    ],
  },
});
