/**
 * `npm run demo`: a real server, three users of the CLI as processes of their own, 300 messages
 * while the server is killed again and again, a member removed and added on the way. Then it
 * checks what was promised, and exits non-zero if anything does not hold.
 */
import { parseArgs } from "node:util";

import { runDemo } from "./run-demo.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
    messages: { type: "string", default: "300" },
    kills: { type: "string", default: "6" },
    keep: { type: "boolean", default: false },
  },
});

const report = await runDemo({
  seed: Number(values.seed),
  messages: Number(values.messages),
  kills: Number(values.kills),
  keep: values.keep,
  say: (line) => console.log(line),
});
for (const problem of report.problems) console.error(`FAILED: ${problem}`);
const { problems, ...figures } = report;
if (values.json) console.log(JSON.stringify({ ...figures, problems }));
process.exitCode = report.ok ? 0 : 1;
