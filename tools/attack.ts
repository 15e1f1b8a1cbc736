/**
 * `npm run attack -- [<url>]`: the numbered attacks of docs/security.md against a homeserver, and
 * without a URL against our own and against our SDK as well.
 */
import { attackServer } from "@treehouse/federation-spec/attacks";
import { driver } from "./conformance/driver.ts";
import { startOwnServer } from "./conformance/own-server.ts";
import { attackSdk } from "./attack/sdk.ts";

// Ends by the exit handlers, which kill what still runs and clear the files away.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const args = process.argv.slice(2);
const asJson = args.includes("--json");
let summary = "";

try {
  const server = await attackServer(args, {
    driver,
    startOwn: startOwnServer,
    out(line) {
      // The last line is that of all.
      if (line.startsWith("{")) summary = line;
      else console.log(line);
    },
  });
  const alone = args.some((arg) => /^https?:/.test(arg) || /^--(only|help|print-peers)/.test(arg));
  const wantsSdk = server !== 2 && !alone;
  if (wantsSdk) console.log("Our own programs, by the tests that have the number:");
  const sdk = wantsSdk ? await attackSdk((line) => console.log(line)) : [];
  if (asJson && summary !== "") console.log(JSON.stringify(joined(summary, sdk)));
  process.exitCode = sdk.some(({ result }) => result === "FAIL") ? 1 : server;
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}

function joined(kit: string, sdk: Awaited<ReturnType<typeof attackSdk>>) {
  const parsed: { passed: number; failed: number; skipped: number; attacks: readonly unknown[] } =
    JSON.parse(kit);
  const count = (result: string) => sdk.filter((one) => one.result === result).length;
  return {
    passed: parsed.passed + count("PASS"),
    failed: parsed.failed + count("FAIL"),
    skipped: parsed.skipped + count("SKIP"),
    attacks: [...parsed.attacks, ...sdk],
  };
}
