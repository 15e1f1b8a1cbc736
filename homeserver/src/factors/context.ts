import type { Domain, Env } from "@treehouse/protocol";
import type { Database, Mailer, SealingKeys } from "../platform/index.ts";
import type { Passwords } from "./ports.ts";
import type { FactorStore } from "./store.ts";

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
};
