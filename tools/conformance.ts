/**
 * `npm run conformance -- [<url>]`: tests a homeserver against the federation specification, with
 * MLS and OPAQUE by our own packages. Without a URL it tests our own server.
 */
import { conformance } from "@treehouse/federation-spec/conformance";
import { driver } from "./conformance/driver.ts";
import { startOwnServer } from "./conformance/own-server.ts";

// Ends by the exit handlers, which kill what still runs and clear the files away.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

try {
  process.exitCode = await conformance(process.argv.slice(2), {
    driver,
    startOwn: startOwnServer,
    out: (line) => console.log(line),
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
