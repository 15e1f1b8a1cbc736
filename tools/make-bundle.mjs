/** `node tools/make-bundle.mjs NAME`: see `bundles.mjs`. A machine on which that fails does without. */
import { makeBundle } from "./bundles.mjs";

const [, , name] = process.argv;
if (name !== "server" && name !== "cli" && name !== "bench") {
  throw new Error(`there is no bundle ${name}`);
}
await makeBundle(name);
