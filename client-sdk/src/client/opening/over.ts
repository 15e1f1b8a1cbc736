import { Refusal } from "@treehouse/protocol";

import { SdkError } from "../../errors/index.ts";

/**
 * Why this client does nothing more until it is opened anew: it was opened offline, or its session is
 * over. `ended` is why nothing comes from the server any more.
 */
export function overBy(
  { ended, offline }: { readonly ended: Error | undefined; readonly offline: boolean },
  stored: boolean,
): SdkError | undefined {
  const next = stored ? "What was asked for is stored, and goes on then." : "This was not stored.";
  if (offline) {
    const help = `Open the client without \`offline\`. ${next}`;
    return new SdkError("offline", "the client was opened offline", { help, data: { stored } });
  }
  if (!(ended instanceof Refusal) || !sessionOver.has(ended.code)) return undefined;
  return new SdkError("sessionEnded", "the session of this client is over", {
    help: `Open the client with the password, to log in again. ${next}`,
    data: { stored },
    cause: ended,
  });
}

const sessionOver: ReadonlySet<string> = new Set(["sessionEnded", "notAuthenticated"]);
