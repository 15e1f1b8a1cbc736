import { controlVariables, synchronousNormal } from "../control.ts";
import type { Part } from "../part.ts";
import { straceMissing } from "../strace.ts";
import { checkState } from "./check-state.ts";
import { lossPart } from "./loss-part.ts";
import type { Recorded } from "./loss-part.ts";
import { recordServer } from "./record-server.ts";

export { clientStorePowerLoss } from "./client-store.ts";

export const powerLoss: Part = lossPart({
  name: "power-loss",
  about:
    "states in which a server may be found after a power failure, rebuilt from its system calls",
  counts: { usual: 60, full: 2_000 },
  missing: straceMissing,
  record: (directory, seed) => recorded(directory, seed, {}),
  control: (directory, seed) => recorded(directory, seed, controlVariables(synchronousNormal)),
});

async function recorded(
  directory: string,
  seed: number,
  variables: Readonly<Record<string, string>>,
): Promise<Recorded> {
  const server = await recordServer(directory, seed, variables);
  return {
    recording: server.recording,
    acknowledgements: server.acknowledged.length,
    check: (state, at) => checkState(server, state, at),
  };
}
