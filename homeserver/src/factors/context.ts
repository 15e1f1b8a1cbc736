import type { Domain, Env } from "@treehouse/protocol";
import type { Database, LoginProvider, Mailer, Pending, SealingKeys } from "../platform/index.ts";
import type { PendingExternal } from "./external/log-in.ts";
import type { PendingPasskey } from "./passkeys/register.ts";
import type { Passwords } from "./ports.ts";
import type { FactorProof } from "./proofs.ts";
import type { FactorStore } from "./store.ts";

/** What the operator's provider of logins is, and where it may send browsers back to. */
export type External = {
  readonly provider: LoginProvider;
  /** Beside loopback. */
  readonly redirectUris: readonly string[];
};

/** Who this server is for passkeys (WebAuthn §4, Relying Party). */
export type RelyingParty = {
  /** A host name: passkeys are made for it, and hold nowhere else. */
  readonly id: string;
  /** Of the web clients that may ask for passkeys. */
  readonly origins: readonly string[];
};

/** What the operations of this module share. */
export type FactorContext = {
  readonly env: Pick<Env, "now" | "random" | "log">;
  readonly database: Database;
  readonly store: FactorStore;
  readonly domain: Domain;
  readonly passwords: Passwords;
  /** Absent where the operator names no server for mail. */
  readonly mailer: Mailer | undefined;
  /** Absent where the operator has not made a key file possible. */
  readonly sealing: SealingKeys | undefined;
  /** Absent where the operator names no provider. */
  readonly external: External | undefined;
  readonly pendingExternals: Pending<PendingExternal>;
  readonly relyingParty: RelyingParty;
  readonly pendingPasskeys: Pending<PendingPasskey>;
  readonly proofs: Pending<FactorProof>;
};
