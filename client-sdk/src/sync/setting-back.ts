import { type Env, LIMITS, u64 } from "@treehouse/protocol";

import type { LocalTx } from "../storage/index.ts";

/** For how long a server that says it was put back may refuse what was read of rooms it has not settled. */
const settlingMs = 2 * LIMITS.restoreAdoptMs;
const setting = "set back at";

/** Whether the server has said lately that it was put back from a backup, to this process or to one before. */
export interface SettingBack {
  /** The server says so now. In the transaction that notes its new life. */
  begin(tx: LocalTx): void;
  /** What an earlier process has heard. Idempotent. */
  recall(tx: LocalTx): void;
  lasts(): boolean;
}

export function createSettingBack(env: Pick<Env, "now" | "monotonic">): SettingBack {
  /** By the clock that only rises: the other one may be set while this process runs. */
  let at: number | undefined;
  return {
    begin(tx) {
      at = env.monotonic();
      tx.settings.put(setting, u64.encode(env.now()));
    },
    recall(tx) {
      const noted = tx.settings.get(setting);
      if (noted !== undefined) at ??= env.monotonic() - Math.abs(env.now() - u64.decode(noted));
    },
    lasts: () => at !== undefined && env.monotonic() - at < settlingMs,
  };
}
