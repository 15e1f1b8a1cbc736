/**
 * The fault proxy as a process: `main.ts <target URL> [seed]`. Prints its URL; each line of its
 * input is one JSON object, the faults to change from now on, and is answered by a line with the
 * counts. Ends with its input.
 */
import { createInterface } from "node:readline";

import { type Faults, startFaultProxy } from "./index.ts";

const [target = "", seed = "1"] = process.argv.slice(2);
const proxy = await startFaultProxy({ target, seed: Number(seed) });
console.log(proxy.url);
for await (const line of createInterface({ input: process.stdin })) {
  // Whoever starts this process writes the line.
  const change: Partial<Faults> = JSON.parse(line);
  proxy.set(change);
  console.log(JSON.stringify(proxy.counts));
}
await proxy.close();
