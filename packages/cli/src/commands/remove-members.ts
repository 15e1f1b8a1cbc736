import type { Client, Conversation } from "@treehouse/client-sdk";
import { formatAddress, parseAddress } from "@treehouse/protocol";

import { CliFailure, EXIT } from "../failure.ts";

/**
 * Removes them, all or none. To the SDK who is not in is passed over; who types a name has misspelt it,
 * and would believe that somebody else is out.
 */
export async function removeMembers(
  client: Client,
  conversation: Conversation,
  addresses: readonly string[],
  options: { readonly reason?: string | undefined } = {},
): Promise<void> {
  const named = addresses.map((address) => formatAddress(parseAddress(address)));
  if (named.includes(client.me.address)) {
    throw new CliFailure(EXIT.usage, "notAllowed", "nobody removes themselves", {
      help: "Go with `treehouse group leave <conversation>`.",
    });
  }
  const { members } = await conversation.info();
  const missing = named.filter((name) => members.every(({ address }) => address !== name));
  if (missing.length > 0) {
    const message = `not in the conversation: ${missing.join(", ")}; nobody was removed`;
    throw new CliFailure(EXIT.notFound, "notMember", message, {
      help: "`treehouse group info <conversation>` shows who is in it.",
    });
  }
  await conversation.remove(named, options);
}
