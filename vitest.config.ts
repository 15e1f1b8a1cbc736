import { join } from "node:path";
import { defineConfig } from "vitest/config";

// Tests start hundreds of programs, which all load the same modules.
process.env["NODE_COMPILE_CACHE"] ??= join(import.meta.dirname, "node_modules/.cache/compiled");
const quickImports = new URL("./tools/quick-imports.mjs", import.meta.url);
process.env["NODE_OPTIONS"] = `${process.env["NODE_OPTIONS"] ?? ""} --import=${quickImports.href}`;

const exclude = ["**/node_modules/**", "**/dist/**"];

export default defineConfig({
  test: {
    // Flows wait for servers of their own: twice as many workers as cores keep the cores busy.
    maxWorkers: "200%",
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
