import type { MemberContext } from "@treehouse/mls/member";
import type { Env, UserUri } from "@treehouse/protocol";

import type { LocalStore } from "../storage/index.ts";
import type { Api } from "../transport/index.ts";
import type { KeyStretching } from "./opaque.ts";

/** What the operations on the account share. */
export type AccountContext = {
  readonly api: Api;
  readonly store: LocalStore;
  readonly crypto: MemberContext["crypto"];
  readonly env: Pick<Env, "now">;
  /** What guessing a password costs. */
  readonly keyStretching: KeyStretching;
  /** A code of the second factor, or whom to ask for one when it is needed. */
  readonly secondFactor?: string | (() => Promise<string>) | undefined;
  /** What the server's list of sessions says of this client. */
  readonly clientName: string | undefined;
  /** A server was caught at something about a user's keys. Must not throw. */
  readonly alarm: (alarm: IdentityAlarm) => void;
};

export type IdentityAlarm = {
  readonly user: UserUri;
  readonly kind:
    | "keyChanged"
    | "listRolledBack"
    | "listForked"
    | "listInvalid"
    | "bundleDamaged"
    | "accountReset";
  readonly text: string;
  /** Two client lists that contradict each other, each with its signatures: octets as base64url. */
  readonly evidence?: readonly [string, string];
};
