import type { Conversation, ConversationPolicy } from "@treehouse/client-sdk";

import { oneLine } from "../output.ts";
import type { Cli } from "./cli.ts";
import { withCaughtUpClient } from "./cli.ts";

/** Acts, and shows the rules as they are then, to people what `shown` makes of them. */
export async function ruled(
  cli: Cli,
  reference: string,
  act: (conversation: Conversation) => Promise<void>,
  shown: (policy: ConversationPolicy) => readonly string[] = textOf,
): Promise<void> {
  await withCaughtUpClient(cli, async (client) => {
    const conversation = await client.conversations.get(reference);
    await act(conversation);
    const policy = await conversation.policy();
    cli.output().result({ id: conversation.id, ...jsonOf(policy) }, shown(policy));
  });
}

function jsonOf({ maxUsers, maxClients, ...policy }: ConversationPolicy) {
  return { ...policy, maxUsers: maxUsers ?? null, maxClients: maxClients ?? null };
}

function textOf(policy: ConversationPolicy): readonly string[] {
  const { maxUsers, maxClients, severalClients } = policy;
  const roles = policy.roles.map(({ name, holders, capabilities }) =>
    `  ${oneLine(name)} (${holders}): ${capabilities.join(", ")}`.trimEnd(),
  );
  const bounds = [
    ...(maxUsers === undefined ? [] : [`at most ${maxUsers} users`]),
    ...(maxClients === undefined ? [] : [`at most ${maxClients} clients`]),
    ...(severalClients ? [] : ["one client each"]),
  ];
  return [
    `${policy.template}, rules ${policy.rulesVersion}; you are ${oneLine(policy.ownRole)}`,
    ...(policy.rulesKnown > policy.rulesVersion
      ? [`everybody's program knows rules ${policy.rulesKnown}`]
      : []),
    ...(bounds.length === 0 ? [] : [bounds.join(", ")]),
    "roles:",
    ...roles,
    ...sanctionsOf(policy),
  ];
}

/** Who is banned or silenced. */
export function sanctionsText(policy: ConversationPolicy): readonly string[] {
  const lines = sanctionsOf(policy);
  return lines.length === 0 ? ["Nobody is banned or silenced."] : lines;
}

function sanctionsOf({ banned, silenced }: ConversationPolicy): readonly string[] {
  const until = (time: number | undefined) =>
    time === undefined ? "" : ` until ${new Date(time).toISOString()}`;
  return [
    ...banned.map(({ tag, address }) => `banned: ${address ?? tag}`),
    ...silenced.map(({ tag, address, until: end }) => `silenced: ${address ?? tag}${until(end)}`),
  ];
}
