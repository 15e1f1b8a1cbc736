/** One target in a thread of its own, so that an input without an end can be ended from outside. */
import { fromHex } from "@treehouse/protocol";
import { parentPort, workerData } from "node:worker_threads";
import { Coverage } from "./coverage.ts";
import type { Report } from "./outcome.ts";
import { type Job, SHARED } from "./supervise.ts";

const {
  target: name,
  modulePath,
  seed,
  ms,
  inputs = Infinity,
  corpus,
  counts,
  shared,
  findingsMax,
}: Job = workerData;
// Before the code of the target is loaded.
const coverage = counts ? new Coverage() : undefined;
const { runTarget } = await import("./run.ts");
const { targets }: typeof import("./targets/index.ts") = await import(modulePath);
const target = targets.find((one) => one.name === name);
if (target === undefined) throw new Error(`There is no target ${name}.`);

const state = new Int32Array(shared, 0, 3);
const octets = new Uint8Array(shared, SHARED.octetsFrom);
const until = performance.now() + ms;
const report: Report = await runTarget(target, {
  seed,
  corpus: corpus.map(fromHex),
  coverage,
  findingsMax,
  enough: (count) =>
    count >= inputs || performance.now() > until || Atomics.load(state, SHARED.isOver) === 1,
  before(input) {
    state[SHARED.length] = input.length;
    octets.set(input.subarray(0, octets.length));
    Atomics.add(state, SHARED.count, 1);
  },
});
coverage?.close();
parentPort?.postMessage(report);
