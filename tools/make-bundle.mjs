/** Makes the server's bundle: see `server-bundle.mjs`. A machine on which that fails does without. */
import { makeBundle } from "./server-bundle.mjs";

await makeBundle();
