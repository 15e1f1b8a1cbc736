/** `npm run torture -- [--only NAME] [--count N] [--seed S] [--json]`: see docs/testing.md. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { tryControl } from "./control.ts";
import { failedSyncs } from "./failed-syncs.ts";
import { flappingLinks } from "./flapping-links.ts";
import { fullDisk } from "./full-disk.ts";
import { kills } from "./kills.ts";
import { Ledger } from "./ledger.ts";
import type { Part } from "./part.ts";
import { clientStorePowerLoss, powerLoss } from "./power-loss/index.ts";
import { reconnectStorm } from "./reconnect-storm.ts";
import { rollingRestart } from "./rolling-restart.ts";
import { updates } from "./updates.ts";
import { writes } from "./writes.ts";

const parts: readonly Part[] = [
  kills,
  writes,
  failedSyncs,
  powerLoss,
  clientStorePowerLoss,
  fullDisk,
  flappingLinks,
  rollingRestart,
  updates,
  reconnectStorm,
];

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    count: { type: "string" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
    /** For controls, which are done with the first one. */
    "until-violation": { type: "boolean", default: false },
    list: { type: "boolean", default: false },
  },
});
const say = (text: string): void => {
  if (!values.json) console.log(text);
};
const chosen = parts.filter(({ name }) => values.only === undefined || values.only === name);
if (chosen.length === 0) {
  console.error(`--only is one of ${parts.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}
if (values.list) {
  for (const { name, about } of chosen) console.log(`${name.padEnd(18)} ${about}`);
  process.exit(0);
}

const full = process.env["TREEHOUSE_SCALE"] === "full";
const results: Record<string, unknown>[] = [];
// At once, so that a run that is cut has told of what it found.
Ledger.onViolation = (text) => say(`  found: ${text}`);
if (values["until-violation"]) {
  Ledger.onViolation = (text) => {
    console.log(JSON.stringify({ violations: 1, text }));
    process.exit(1);
  };
}
for (const part of chosen) {
  const why = part.missing?.();
  if (why !== undefined) {
    console.log(`not run: ${part.name}: ${why}`);
    results.push({ part: part.name, notRun: why });
    continue;
  }
  say(`${part.name}: ${part.about}`);
  const directory = mkdtempSync(join(tmpdir(), "treehouse-torture-"));
  const from = performance.now();
  try {
    const count = numberOf("count", values.count) ?? part.counts[full ? "full" : "usual"];
    const seed = numberOf("seed", values.seed) ?? 1;
    const order = { seed, count, directory, say: (text: string) => say(`  ${text}`) };
    const { figures, violations: found } = await part.run(order);
    say(`  ${JSON.stringify(figures)}, ${found.length} violations`);
    const { sees, blind } = values["until-violation"] ? {} : await tryControl(part, order);
    if (sees !== undefined) say(`  control, ${part.control?.bug.name}: ${sees}`);
    const violations = blind === undefined ? found : [...found, blind];
    const seconds = Math.round((performance.now() - from) / 1_000);
    for (const violation of violations) say(`  VIOLATION ${violation}`);
    say(`  ${JSON.stringify({ ...figures, seconds })}`);
    results.push({ part: part.name, violations, seed, ...figures, seconds });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
const broken = results.flatMap(({ violations }) => (Array.isArray(violations) ? violations : []));
console.log(
  JSON.stringify({
    parts: results.filter(({ notRun }) => notRun === undefined).length,
    notRun: results.filter(({ notRun }) => notRun !== undefined).length,
    violations: broken.length,
    ...(values.json ? { results } : {}),
  }),
);
// Half-open links leave sockets that nobody ends.
process.exit(broken.length === 0 ? 0 : 1);

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  console.error(`--${name} is a whole number; it was "${text}".`);
  process.exit(2);
}
