import type { Domain, Env } from "@treehouse/protocol";
import type { Database } from "../platform/index.ts";
import type { PendingProof } from "./check-proof.ts";
import type { AccountDataStore } from "./account-data/store.ts";
import type { PendingChange } from "./change-credential.ts";
import type { StoreMarks } from "./copies/store.ts";
import type { ContactStore } from "./contacts/store.ts";
import type { CountersignatureKey, Signatures } from "./countersignature-key.ts";
import type { PendingFactor } from "./finish-login.ts";
import type { PendingPasswordProof } from "./prove-password.ts";
import type { Invites } from "./invites.ts";
import type { OpaqueServer } from "./opaque.ts";
import type { Neighbours } from "./ports.ts";
import type { PendingLogin } from "./start-login.ts";
import type { PendingRegistration } from "./start-registration.ts";
import type { Pending } from "./pending.ts";
import type { PrivacyStore } from "./privacy/store.ts";
import type { ProvedForClients } from "./prove-for-clients.ts";
import type { PendingRecovery } from "./recovery/prove.ts";
import type { PendingPasswordReset } from "./recovery/reset-password.ts";
import type { RecoveryStore } from "./recovery/store.ts";
import type { PendingReset } from "./reset/start.ts";
import type { ResetStore } from "./reset/store.ts";
import type { Sessions } from "./sessions.ts";
import type { AuthenticationStore } from "./store.ts";

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
