import type { Bytes, UserUri } from "@treehouse/protocol";

/** Proofs of a password; `authentication` meets it. */
export interface Passwords {
  /**
   * The first half of a login against the user's record, counted like one. Refuses `malformed` and
   * `rateLimited`.
   */
  startPasswordProof(
    asker: { readonly user: UserUri; readonly address: string },
    startLoginRequest: Bytes,
  ): Promise<{
    readonly proofId: string;
    readonly loginResponse: Bytes;
    readonly expiresAt: number;
  }>;
  /** The second half; each proof is good once. Refuses `loginFailed`. */
  checkPasswordProof(user: UserUri, proof: PasswordProof): Promise<void>;
}

export type PasswordProof = { readonly proofId: string; readonly finishLoginRequest: Bytes };
