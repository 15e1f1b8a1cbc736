import { defineConfig } from "vitest/config";

const exclude = ["**/node_modules/**", "**/dist/**"];

export default defineConfig({
  test: {
    // Most flows wait for servers of their own: a worker for each core keeps the cores busy.
    maxWorkers: "100%",
    projects: [
      { test: { name: "unit", include: ["**/src/**/*.test.ts"], exclude } },
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
