import type { Assets } from "../../assets/index.ts";
import type { Copies } from "../../copies/index.ts";
import { notStoredHelp, SdkError } from "../../errors/index.ts";
import type { Groups } from "../../groups/index.ts";
import type { Presences } from "../../presence/index.ts";
import type { Profiles } from "../../profiles/index.ts";
import type { LocalStore } from "../../storage/index.ts";
import type { Sync } from "../../sync/index.ts";
import type { Indexing } from "../searching/index.ts";
import type { Notifier } from "../../notifications/index.ts";
import type { Platform } from "./platform.ts";

export type Running = {
  readonly sync: Sync;
  readonly groups: Groups;
  readonly assets: Pick<Assets, "stop">;
  readonly copies: Copies;
  readonly profiles: Profiles;
  readonly presences: Presences;
  readonly indexing: Indexing;
  readonly notifier: Notifier;
};

/** Waits for what is under way, runs `last` and closes the store. */
export async function closeAll(
  platform: Platform,
  store: LocalStore,
  { assets, sync, groups, copies, profiles, presences, indexing, notifier }: Running,
  last: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  profiles.stop();
  indexing.stop();
  notifier.stop();
  try {
    presences.stop();
    await assets.stop();
    await sync.stop(closed(false));
    await groups.stop(closed(true));
    await copies.close();
    await last();
  } finally {
    await store.close();
    await platform.close();
  }
}

/** Who waits for something that is stored need not ask for it again. */
function closed(stored: boolean): SdkError {
  const help = stored
    ? "What was asked for is stored and goes on when the client is opened again."
    : notStoredHelp;
  return new SdkError("closed", "the client was closed", { help, data: { stored } });
}
