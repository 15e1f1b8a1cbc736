import { defineConfig } from "drizzle-kit";

const module = process.env["MODULE"];
if (module === undefined) throw new Error("Say which module: MODULE=queuing pnpm run migration …");

/** Each module has its own schema and its own history; see `src/platform/database/migrations.ts`. */
export default defineConfig({
  dialect: "sqlite",
  schema: `./src/${module}/schema.ts`,
  out: `./migrations/${module}`,
});
