import type { MemberContext } from "@treehouse/mls/member";
import type { Env } from "@treehouse/protocol";

import type { LocalStore } from "../storage/index.ts";
import type { Api } from "../transport/index.ts";

/** What the operations on the account share. */
export type AccountContext = {
  readonly api: Api;
  readonly store: LocalStore;
  readonly crypto: MemberContext["crypto"];
  readonly env: Pick<Env, "now">;
  /** What the server's list of sessions says of this client. */
  readonly clientName: string | undefined;
};
