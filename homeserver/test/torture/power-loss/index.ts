import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../../../../packages/testkit/src/index.ts";
import { controlVariables, synchronousNormal } from "../control.ts";
import type { Order, Outcome, Part } from "../part.ts";
import { straceMissing } from "../strace.ts";
import { checkState } from "./check-state.ts";
import { recordServer } from "./record-server.ts";
import type { RecordedServer } from "./record-server.ts";

/** Of so many states of the real thing the control has one. */
const statesPerControl = 10;

export const powerLoss: Part = {
  name: "power-loss",
  about:
    "states in which a server may be found after a power failure, rebuilt from its system calls",
  counts: { usual: 60, full: 2_000 },
  missing: straceMissing,
  async run(order: Order): Promise<Outcome> {
    const real = await recordServer(join(order.directory, "real"), order.seed);
    order.say(
      `recorded ${real.recording.cuts.length} changes, ${real.acknowledged.length} acknowledgements`,
    );
    const lost = await lose(real, order.seed, order.count, order.say);
    const controlled = controlVariables(synchronousNormal);
    const control = await recordServer(join(order.directory, "control"), order.seed, controlled);
    const states = Math.max(20, Math.ceil(order.count / statesPerControl));
    const controlLost = await lose(control, order.seed, states, () => undefined);
    const violations = [...lost.violations];
    if (controlLost.states === 0) {
      violations.push(
        `with synchronous=NORMAL none of ${states} states lost anything: this looks at nothing`,
      );
    }
    return {
      figures: {
        states: order.count,
        changes: real.recording.cuts.length,
        acknowledged: real.acknowledged.length,
        lostStates: lost.states,
        controlStates: states,
        controlLostStates: controlLost.states,
      },
      violations,
    };
  },
};

/** Files that are written anew for each state lie in memory, where there is room for that. */
const fastFolder = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

async function lose(
  recorded: RecordedServer,
  seed: number,
  count: number,
  say: (text: string) => void,
): Promise<{ readonly states: number; readonly violations: readonly string[] }> {
  const violations: string[] = [];
  let states = 0;
  for (let state = 0; state < count; state += 1) {
    const random = new Random(seed, `power loss ${state}`);
    const { cuts } = recorded.recording;
    const cut = cuts[random.integer(0, cuts.length - 1)];
    if (cut === undefined) throw new Error("nothing was recorded");
    const directory = mkdtempSync(join(fastFolder, "treehouse-power-"));
    try {
      recorded.recording.loseAt(cut.began, random, directory);
      const found = await checkState(recorded, directory, cut.at);
      if (found.length > 0) states += 1;
      const named = found.map((text) => `state ${state} (before call ${cut.began}): ${text}`);
      if (named.length > 0) say(named.slice(0, 5).join("\n  "));
      violations.push(...named);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
    if (state % 100 === 99) say(`${state + 1} states, ${states} with a loss`);
  }
  return { states, violations };
}
