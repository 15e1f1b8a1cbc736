import type { Domain, Env } from "@treehouse/protocol";
import type { Database } from "../platform/index.ts";
import type {
  CountersignatureKey,
  PendingProof,
  ProvedForClients,
  Signatures,
} from "./clients/index.ts";
import type { AccountDataStore } from "./account-data/index.ts";
import type {
  OpaqueServer,
  PendingChange,
  PendingFactor,
  PendingLogin,
  PendingPasswordProof,
} from "./login/index.ts";
import type { StoreMarks } from "./copies/index.ts";
import type { ContactStore } from "./contacts/index.ts";
import type { Invites, PendingRegistration } from "./accounts/index.ts";
import type { Neighbours } from "./ports.ts";
import type { Pending } from "./pending.ts";
import type { PrivacyStore } from "./privacy/index.ts";
import type { PendingPasswordReset, PendingRecovery, RecoveryStore } from "./recovery/index.ts";
import type { PendingReset, ResetStore } from "./reset/index.ts";
import type { Sessions } from "./sessions/index.ts";
import type { AuthenticationStore } from "./store/index.ts";

/** Who may register: holders of an invite, whoever logs in at the operator's provider, or anybody. */
export type RegistrationMode = "invite" | "oidc" | "open";

/** Whether users of this server may add each other without asking. */
export type LocalContacts = "implied" | "ask";

/** What the operations of this module share. */
export type AuthenticationContext = {
  readonly env: Pick<Env, "now" | "random" | "timer" | "log">;
  readonly database: Database;
  readonly store: AuthenticationStore;
  readonly contacts: ContactStore;
  readonly accountData: AccountDataStore;
  readonly privacy: PrivacyStore;
  readonly marks: StoreMarks;
  readonly recovery: RecoveryStore;
  readonly resets: ResetStore;
  /** How long a reset waits for clients that are active. */
  readonly resetDelayMs: number;
  readonly domain: Domain;
  readonly registration: RegistrationMode;
  readonly localContacts: LocalContacts;
  /** Named once all modules are there. */
  readonly neighbours: { current: Neighbours };
  readonly signatures: Signatures;
  readonly countersignatureKey: CountersignatureKey;
  readonly opaque: OpaqueServer;
  readonly sessions: Sessions;
  readonly invites: Invites;
  readonly pendingRegistrations: Pending<PendingRegistration>;
  readonly pendingLogins: Pending<PendingLogin>;
  readonly pendingChanges: Pending<PendingChange>;
  readonly pendingFactors: Pending<PendingFactor>;
  readonly pendingPasswordProofs: Pending<PendingPasswordProof>;
  readonly pendingProofs: Pending<PendingProof>;
  readonly pendingClientProofs: Pending<ProvedForClients>;
  readonly pendingRecoveries: Pending<PendingRecovery>;
  readonly pendingPasswordResets: Pending<PendingPasswordReset>;
  readonly pendingResets: Pending<PendingReset>;
};
