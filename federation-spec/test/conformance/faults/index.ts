import { authenticationFaults } from "./authentication.ts";
import { directoryFaults } from "./directory.ts";
import type { Fault } from "./fault.ts";
import { requestFaults } from "./requests.ts";
import { streamFaults } from "./streams.ts";

/** Servers of ours, each with one thing wrong, all of which the suite must tell from a good one. */
export const faults: readonly Fault[] = [
  ...authenticationFaults,
  ...directoryFaults,
  ...requestFaults,
  ...streamFaults,
];
