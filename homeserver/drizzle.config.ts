import { defineConfig } from "drizzle-kit";

// MODULE=queuing pnpm run migration --name what-changes
const module = process.env["MODULE"] ?? "(MODULE is not set)";

/** Each module has its own schema and its own history; see `src/platform/database/migrations.ts`. */
export default defineConfig({
  dialect: "sqlite",
  schema: `./src/${module}/schema.ts`,
  out: `./migrations/${module}`,
});
