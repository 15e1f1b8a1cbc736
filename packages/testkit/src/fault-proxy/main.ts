/**
 * Links as a process: `main.ts <seed> <target URL>…`. Prints the URL of one link for each target;
 * each line of its input is `{"link": number, "faults": {…}}`, what changes on one of them from now
 * on, and is answered by a line with that link's counts. Ends with its input.
 */
import { createInterface } from "node:readline";

import { type FaultProxy, type Faults, startFaultProxy } from "./index.ts";

const [seed = "1", ...targets] = process.argv.slice(2);
const links: FaultProxy[] = [];
for (const [index, target] of targets.entries()) {
  const link = await startFaultProxy({ target, seed: Number(seed) + index });
  links.push(link);
  console.log(link.url);
}
for await (const line of createInterface({ input: process.stdin })) {
  // Whoever starts this process writes the line.
  const change: { readonly link: number; readonly faults: Partial<Faults> } = JSON.parse(line);
  const link = links[change.link];
  link?.set(change.faults);
  console.log(JSON.stringify(link?.counts ?? {}));
}
for (const link of links) await link.close();
