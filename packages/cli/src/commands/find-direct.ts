import type { Client, Conversation } from "@treehouse/client-sdk";

/** The direct conversation with somebody, if there is one that both are in. */
export async function findDirect(
  client: Client,
  address: string,
): Promise<Conversation | undefined> {
  const all = await client.conversations.list();
  const direct = all.find(
    ({ template, status, members }) =>
      template === "direct" &&
      status === "joined" &&
      members.some((member) => member.address === address) &&
      members.every((member) => [address, client.me.address].includes(member.address)),
  );
  return direct && client.conversations.get(direct.id);
}
