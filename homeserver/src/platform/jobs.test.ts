import { expect, test } from "vitest";
import { createNodeEnv } from "./env/node-env.ts";
import { createJobs } from "./jobs.ts";

function scheduled() {
  const timers: { delayMs: number; run: () => void }[] = [];
  const lines: string[] = [];
  const env = {
    ...createNodeEnv({ log: { level: "error", write: (line) => lines.push(line) } }),
    timer(delayMs: number, run: () => void) {
      const timer = { delayMs, run };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer), 1);
    },
  };
  return { timers, lines, jobs: createJobs(env) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("a job comes again after each run, also after one that failed", async () => {
  const { timers, lines, jobs } = scheduled();
  let runs = 0;
  jobs.every("sweep", 1_000, () => {
    runs += 1;
    if (runs === 1) throw new TypeError("secret words");
  });
  for (let turn = 0; turn < 3; turn += 1) {
    const [timer] = timers.splice(0);
    expect(timer?.delayMs).toBeGreaterThanOrEqual(900);
    expect(timer?.delayMs).toBeLessThanOrEqual(1_100);
    timer?.run();
    await settled();
  }
  expect(runs).toBe(3);
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ msg: "jobFailed", job: "sweep" });
  expect(lines[0]).not.toContain("secret words");
});

test("closing waits for what runs and starts nothing more", async () => {
  const { timers, jobs } = scheduled();
  let finish = (): void => {};
  jobs.every("long", 1_000, () => new Promise((resolve) => (finish = resolve)));
  jobs.every("other", 1_000, () => {});
  timers[0]?.run();
  let closed = false;
  const closing = jobs.close().then(() => (closed = true));
  await settled();
  expect(closed).toBe(false);
  finish();
  await closing;
  await settled();
  expect(timers.filter(({ run }) => run !== timers[0]?.run)).toHaveLength(0);
});
