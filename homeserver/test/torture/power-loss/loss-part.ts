import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../../../../packages/testkit/src/index.ts";
import type { Order, Outcome, Part } from "../part.ts";
import type { Recording } from "./disk.ts";

/** What a process did to its files, and how to look at a state of them. */
export type Recorded = {
  readonly recording: Recording;
  /** How many things somebody was told are done. */
  readonly acknowledgements: number;
  /** What is wrong with the files in this folder, if the power failed at that time. */
  check(directory: string, at: number): Promise<readonly string[]>;
};

/** The control must have lost something by then; how soon depends on how busy the machine is. */
const controlStatesMax = 500;

/** Rebuilds states after a power failure; the control is a process that must lose something. */
export function lossPart({
  record,
  control,
  ...part
}: Omit<Part, "run" | "control"> & {
  record(directory: string, seed: number): Promise<Recorded>;
  control(directory: string, seed: number): Promise<Recorded>;
}): Part {
  return {
    ...part,
    async run({ directory, seed, count, say }: Order): Promise<Outcome> {
      const real = await record(join(directory, "real"), seed);
      const changes = real.recording.cuts.length;
      say(`recorded ${changes} changes, ${real.acknowledgements} acknowledgements`);
      const lost = await lose(real, seed, count, Number.POSITIVE_INFINITY, say);
      const bad = await control(join(directory, "control"), seed);
      const controlLost = await lose(bad, seed, controlStatesMax, 1, () => undefined);
      const violations = [...lost.violations];
      if (controlLost.states === 0) {
        violations.push(
          `in ${controlLost.tried} states of the control nothing was lost: this looks at nothing`,
        );
      }
      return {
        figures: {
          states: count,
          changes,
          acknowledged: real.acknowledgements,
          lostStates: lost.states,
          controlLostAtState: controlLost.tried,
        },
        violations,
      };
    },
  };
}

/** Files that are written anew for each state lie in memory, where there is room for that. */
const fastFolder = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

async function lose(
  { recording, check }: Recorded,
  seed: number,
  count: number,
  enough: number,
  say: (text: string) => void,
): Promise<{
  readonly tried: number;
  readonly states: number;
  readonly violations: readonly string[];
}> {
  const violations: string[] = [];
  let [tried, states] = [0, 0];
  for (let state = 0; state < count && states < enough; state += 1) {
    tried += 1;
    const random = new Random(seed, `power loss ${state}`);
    const { cuts } = recording;
    const cut = cuts[random.integer(0, cuts.length - 1)];
    if (cut === undefined) throw new Error("nothing was recorded");
    const directory = mkdtempSync(join(fastFolder, "treehouse-power-"));
    try {
      recording.loseAt(cut.began, random, directory);
      const found = await check(directory, cut.at);
      const named = found.map((text) => `state ${state} (before call ${cut.began}): ${text}`);
      if (named.length > 0) {
        states += 1;
        say(named.slice(0, 5).join("\n  "));
        violations.push(...named);
      }
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
    if (state % 100 === 99) say(`${state + 1} states, ${states} with a loss`);
  }
  return { tried, states, violations };
}
