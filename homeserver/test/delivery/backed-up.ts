import { copyFileSync } from "node:fs";
import { join } from "node:path";
import type { TermBounds } from "../../src/delivery/store/index.ts";
import { copyDatabase } from "../../src/platform/index.ts";
import type { Pair } from "./pair.ts";
import type { TwoServers } from "./two-servers.ts";

/** Bounds of a server that has no other life behind it. */
export const firstLife: TermBounds = { termMin: 0, positionMin: 0 };

/**
 * The hub as it was when this was called; the function starts it in the place of the present one, as
 * often as it is called.
 */
export async function backUp({
  servers,
  directory,
}: Pair): Promise<(bounds?: TermBounds) => Promise<void>> {
  const copy = join(directory, `copy-${Math.random()}.sqlite`);
  await copyDatabase(join(directory, "hub.sqlite"), copy);
  let times = 0;
  return async (bounds = firstLife) => {
    const old = servers.hub;
    times += 1;
    const path = `${copy}-${times}`;
    copyFileSync(copy, path);
    const hub = await servers.startHub(path);
    servers.replaceHub(hub);
    await hub.database.transaction((tx) => hub.delivery.restored(tx, bounds));
    await old[Symbol.asyncDispose]();
  };
}

/** Settles what is to be settled. */
export async function settle(servers: TwoServers): Promise<void> {
  const { delivery } = servers.hub;
  await delivery.start();
  while ((await unsettled(servers)) > 0) await new Promise((resolve) => setImmediate(resolve));
  await delivery.close();
}

/** Rooms of the hub whose next term has not begun. */
export async function unsettled({ hub: { database } }: TwoServers): Promise<number> {
  return database.read(async (tx) => {
    const count = database.sql(tx).$client.prepare("SELECT count(*) FROM delivery_restored");
    return Number(count.pluck().get());
  });
}
