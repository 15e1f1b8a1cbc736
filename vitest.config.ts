import { defineConfig } from "vitest/config";

const exclude = ["**/node_modules/**", "**/dist/**"];

export default defineConfig({
  test: {
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
