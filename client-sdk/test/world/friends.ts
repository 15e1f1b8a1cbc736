import type { Client } from "../../src/node.ts";
import { until } from "./waiting.ts";

/** Asks for consent, and gives it, so that each of the two may add the other. */
export async function befriend(asker: Client, asked: Client): Promise<void> {
  const stateAt = async (client: Client, other: Client): Promise<string | undefined> =>
    (await client.contacts.list()).find(({ user }) => user === other.me.user)?.state;
  await asker.contacts.request(asked.me.address);
  await until(asked, async () => (await stateAt(asked, asker)) === "incoming");
  await asked.contacts.accept(asker.me.address);
  await until(asker, async () => (await stateAt(asker, asked)) === "mutual");
}
