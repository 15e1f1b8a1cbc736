/**
 * `npm run demo`: three real homeservers and six users of the CLI as processes of their own, 300
 * messages in one conversation while servers are killed and cut off from each other, members removed
 * and added on the way. Then it checks what was promised, and exits non-zero if anything does not
 * hold.
 */
import { parseArgs } from "node:util";

import { runDemo } from "./run-demo.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
    messages: { type: "string", default: "300" },
    kills: { type: "string", default: "6" },
    cuts: { type: "string", default: "4" },
    keep: { type: "boolean", default: false },
  },
});

// Ends by the exit handlers, which kill what still runs and clear the files away.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

try {
  const report = await runDemo({
    seed: Number(values.seed),
    messages: Number(values.messages),
    kills: Number(values.kills),
    cuts: Number(values.cuts),
    keep: values.keep,
    say: (line) => console.log(line),
  });
  for (const problem of report.problems) console.error(`FAILED: ${problem}`);
  if (values.json) console.log(JSON.stringify(report));
  process.exitCode = report.ok ? 0 : 1;
} catch (error) {
  const problem = error instanceof Error ? error.message : String(error);
  console.error(`FAILED: ${problem}`);
  const unknown = { messages: 0, kills: 0, cuts: 0, lost: 0, duplicated: 0, reordered: 0 };
  if (values.json) console.log(JSON.stringify({ ok: false, ...unknown, problems: [problem] }));
  process.exitCode = 1;
}
