import { z } from "zod";

import { type ServerName, serverNames, serverOfName } from "./cast.ts";
import type { ServerProcess } from "./server-process.ts";
import type { UserProcess } from "./user-process.ts";

/** Everybody gets an account: the first of a server by its admin invite, the next by one of hers. */
export async function register(
  servers: ReadonlyMap<ServerName, Pick<ServerProcess, "invite">>,
  users: readonly UserProcess[],
): Promise<void> {
  const registering = serverNames.map(async (server) => {
    let invite = servers.get(server)?.invite ?? "";
    const own = users.filter(({ name }) => serverOfName(name) === server);
    for (const [index, user] of own.entries()) {
      await user.run("account", "register", user.address, "--invite", invite);
      if (index === 0) invite = (await user.run("admin", "invite", "create")).trim();
    }
  });
  await Promise.all(registering);
}

const contactsSchema = z.object({
  contacts: z.array(z.looseObject({ address: z.string(), state: z.string() })),
});

const looksMax = 60;

/** The first one asks the others for leave to add them, and they agree as soon as they hear of it. */
export async function befriend(asker: UserProcess, asked: readonly UserProcess[]): Promise<void> {
  for (const user of asked) await asker.run("contact", "request", user.address);
  const accepting = asked.map(async (user) => {
    await until(user, asker.address, "incoming");
    await user.run("contact", "accept", asker.address);
  });
  await Promise.all(accepting);
  for (const user of asked) await until(asker, user.address, "mutual");
}

/** Each look is a process that asks its server: nothing more has to wait between them. */
async function until(user: UserProcess, address: string, wanted: string): Promise<void> {
  for (let looks = 0; looks < looksMax; looks += 1) {
    const { contacts } = contactsSchema.parse(
      JSON.parse(await user.run("contact", "ls", "--json")),
    );
    const found = contacts.find((contact) => contact.address === address);
    if (found?.state === wanted) return;
  }
  throw new Error(`${user.address} waited in vain for ${address} to be "${wanted}"`);
}
