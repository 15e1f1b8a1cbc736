import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createReserve } from "./reserve.ts";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "treehouse-reserve-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const chunk = 128 * 1024;

test("a reserve is filled once, dropped, and filled again", async () => {
  const path = join(directory, "reserve");
  const timer = (_delayMs: number, run: () => void) => {
    setImmediate(run);
    return () => {};
  };
  const reserve = createReserve(path, 2 * chunk + 5, { timer });
  for (let turn = 0; turn < 2; turn += 1) {
    await reserve.fill("paced");
    await reserve.fill("paced");
    expect(statSync(path).size).toBe(2 * chunk + 5);
    reserve.drop();
    expect(existsSync(path)).toBe(false);
  }
});

test("a reserve for which there is no room is refused and leaves nothing", async () => {
  const path = join(directory, "reserve");
  const reserve = createReserve(path, Number.MAX_SAFE_INTEGER, { timer: () => () => {} });
  await expect(reserve.fill("paced")).rejects.toThrow("no room");
  expect(existsSync(path)).toBe(false);
});

test("stopping ends a filling at whatever point it is, though its timers never fire", async () => {
  const path = join(directory, "reserve");
  let reached = (): void => {};
  const paused = new Promise<void>((resolve) => (reached = resolve));
  const timer = () => {
    reached();
    return () => {};
  };
  const early = createReserve(path, 3 * chunk, { timer });
  const filling = early.fill("paced");
  early.stop();
  await expect(filling).rejects.toThrow("closing");
  const late = createReserve(path, 3 * chunk, { timer });
  const waiting = late.fill("paced");
  await paused;
  late.stop();
  await expect(waiting).rejects.toThrow("closing");
  expect(existsSync(path)).toBe(false);
});

test("at once it is filled without a pause: nobody is being served meanwhile", async () => {
  const path = join(directory, "reserve");
  const reserve = createReserve(path, 3 * chunk, { timer: () => () => {} });
  await reserve.fill("atOnce");
  expect(statSync(path).size).toBe(3 * chunk);
});
