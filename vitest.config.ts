import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const exclude = ["**/node_modules/**", "**/dist/**"];

export default defineConfig({
  test: {
    // Most flows wait for servers of their own: one worker more than cores keeps the cores busy.
    maxWorkers: availableParallelism() + 1,
    projects: [
      { test: { name: "unit", include: ["**/src/**/*.test.ts"], exclude, isolate: false } },
      {
        test: {
          name: "flow",
          include: ["**/test/**/*.test.ts", "tests/**/*.test.ts"],
          exclude,
          testTimeout: 60_000,
        },
      },
    ],
  },
});
