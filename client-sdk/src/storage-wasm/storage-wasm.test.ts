/** In memory; what outlives `close` is shown in a browser (`client-sdk/test/browser`). */
import { randomBytes } from "node:crypto";

import { engineContract } from "../storage/store.contract.ts";
import { openInMemory } from "./index.ts";

engineContract({
  open: openInMemory,
  random: (length) => new Uint8Array(randomBytes(length)),
});
