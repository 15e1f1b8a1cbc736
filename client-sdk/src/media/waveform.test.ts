import fc from "fast-check";
import { expect, test } from "vitest";

import { ogg, wav } from "../../test/world/samples.ts";
import { sourceOf } from "./source.ts";
import { waveformOf } from "./waveform.ts";

test("R-082 a waveform shows where a recording is loud, in 64 steps", async () => {
  const rising = await waveformOf(sourceOf(wav(2, (time) => time * 0.5)));
  expect(rising?.length).toBe(64);
  const steps = [...(rising ?? [])];
  expect(steps.toSorted((a, b) => a - b)).toEqual(steps);
  expect([steps[0], steps[63]]).toEqual([4, 255]);
  expect([...((await waveformOf(sourceOf(wav(1, () => 0)))) ?? [1])]).toEqual(
    Array.from({ length: 64 }, () => 0),
  );
  expect(await waveformOf(sourceOf(wav(0)))).toBeUndefined();
  expect(await waveformOf(sourceOf(ogg(1)))).toBeUndefined();
});

test("T-31 a recording whose headers lie has a waveform or none, and never an endless one", async () => {
  const whole = wav(0.02);
  await fc.assert(
    fc.asyncProperty(
      fc.nat(60),
      fc.uint8Array({ minLength: 1, maxLength: 8 }),
      async (at, octets) => {
        const hostile = new Uint8Array(whole);
        hostile.set(octets, at);
        const found = await waveformOf(sourceOf(hostile));
        expect(found?.length ?? 0).toBeLessThanOrEqual(64);
      },
    ),
    { numRuns: 300 },
  );
});
