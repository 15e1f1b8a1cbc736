import { SdkError } from "@treehouse/client-sdk";
import { Refusal, refusalTable } from "@treehouse/protocol";

import { CliFailure, EXIT, type ExitCode } from "./failure.ts";
import { systemFailure } from "./system-failure.ts";

const exits: Record<string, ExitCode> = {
  network: EXIT.server,
  unavailable: EXIT.server,
  internal: EXIT.server,
  storageFull: EXIT.server,
  peerUnreachable: EXIT.server,
  peerUnknown: EXIT.server,
  peerKeyChanged: EXIT.keyChanged,
  peerLimited: EXIT.limited,
  loginRequired: EXIT.login,
  passwordRequired: EXIT.login,
  loginFailed: EXIT.login,
  factorRequired: EXIT.login,
  approvalFailed: EXIT.login,
  factorInvalid: EXIT.login,
  resetInvalid: EXIT.login,
  resetWaiting: EXIT.limited,
  proofRequired: EXIT.login,
  notAuthenticated: EXIT.login,
  sessionEnded: EXIT.login,
  noClientInStore: EXIT.login,
  rateLimited: EXIT.limited,
  identityInvalid: EXIT.keyChanged,
  wrongEpoch: EXIT.conflict,
  epochTooOld: EXIT.conflict,
  epochAhead: EXIT.conflict,
  invalidCommit: EXIT.conflict,
  storeCopied: EXIT.conflict,
  notFound: EXIT.notFound,
  unknownUser: EXIT.notFound,
  unknownRoom: EXIT.notFound,
  unknownClient: EXIT.notFound,
  keyPackagesExhausted: EXIT.notFound,
};

/** The address may be right, and what runs there another server than before. */
export const wrongServerHelp =
  "Start the account's own server there, or set its address with `treehouse context server <url>`.";

/** Where a command says better than the SDK what to do. */
const helps: Record<string, string> = {
  passwordRequired: "Log in with `treehouse account login`, or set TREEHOUSE_PASSWORD.",
  loginRequired: "Log in again with `treehouse account login`.",
  notAuthenticated: "Log in again with `treehouse account login`.",
  sessionEnded: "Log in again with `treehouse account login`.",
  noClientInStore:
    "Register with `treehouse account register --invite <token>`, or make a further client of an " +
    "account with `treehouse account login` (by its password), `treehouse client add <address>` (by a " +
    "client that you have) or `treehouse client recovery restore` (by the recovery key).",
  factorRequired: "Repeat it with --code <code>: of the authenticator app, or a recovery code.",
  resetInvalid: "Ask for another mail with `treehouse account reset --email <address>`.",
  inviteInvalid: "Ask the operator for a new invite, and give it with --invite <token>.",
  noConsent: "Ask with `treehouse contact request <address>`, and wait for the answer.",
  unknownClient:
    "`treehouse client ls` lists the clients of the account. One that was revoked never comes back: make " +
    "another one, in a context of its own.",
  wrongServer: wrongServerHelp,
  storeKeyMissing:
    "Put the file back from where you keep it beside the store. If it is lost, make a further client in a " +
    "store of its own: `treehouse --context <new> account login <address>`.",
  storeCopied:
    "Close the other one and run this again. If both machines are to have the account, make a client of " +
    "its own here: `treehouse --context <new> account login <address>`. If you have made no copy, revoke " +
    "this client with `treehouse client revoke` on another one, and change the password.",
  unknownRoom: "`treehouse group ls` lists the conversations of this store.",
};

/** Any error as a failure of the CLI. What is not known is a bug, and says so. */
export function failureOf(error: unknown): CliFailure {
  if (error instanceof CliFailure) return error;
  if (error instanceof SdkError) {
    const exit = exits[error.code] ?? EXIT.usage;
    const help = limitHelp(error) ?? helps[error.code] ?? error.help;
    return new CliFailure(exit, error.code, error.message, { help, data: error.data });
  }
  if (error instanceof Refusal) {
    const { code, message, data }: Refusal = error;
    const { advice } = refusalTable[code];
    const help = limitHelp(error) ?? helps[code] ?? advice;
    return new CliFailure(exits[code] ?? EXIT.usage, code, message, { help, data });
  }
  const ofSystem = systemFailure(error);
  if (ofSystem !== undefined) return ofSystem;
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new CliFailure(EXIT.bug, "bug", text, { help: "This is a bug; please report it." });
}

/** The limit by its name and number; where none is told, the message stands alone. */
function limitHelp({ code, data }: Pick<CliFailure, "code" | "data">): string | undefined {
  if (code !== "limitExceeded") return undefined;
  const { limitName, limit } = data;
  if (typeof limitName !== "string") return "";
  return typeof limit === "number" ? `The limit is ${limitName}: ${limit}.` : `It is ${limitName}.`;
}
