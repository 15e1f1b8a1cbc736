import {
  deviceSigningCertificateCodec,
  equalBytes,
  fromBase64Url,
  paths,
  recoveryAnswerSchema,
  Refusal,
  toBase64Url,
} from "@treehouse/protocol";

import type { AccountContext } from "../context.ts";
import type { StoredAccount } from "../stored-account.ts";
import { readRecoveryNote, type RecoveryNote } from "./note.ts";
import { openCopy } from "./prove-by-recovery-key.ts";
import { loginKeyOf, type RecoveryKey } from "./recovery-key.ts";
import type { RecoveryCopy } from "./recovery-copy.ts";

/**
 * `inStep`: the server has what this user's clients have noted. `unknown`: it has a newer one, of which
 * this client has not heard; another client made it just now, or somebody who knows the password.
 * `lost`: it has an older one than was noted, another in its place, or none any more (T-37).
 */
export type RecoveryStatus = {
  readonly exists: boolean;
  /** When the key was made, as the server says. */
  readonly createdAt: number | undefined;
  readonly state: "inStep" | "unknown" | "lost";
};

/** What the server holds, compared with what the user's clients know of it. Changes nothing. */
export async function recoveryStatus({ api, store }: AccountContext): Promise<RecoveryStatus> {
  const answer = await api.json("GET", paths.recovery(), recoveryAnswerSchema);
  const note = await store.transaction((tx) => readRecoveryNote(tx));
  const { current, version } = answer;
  return {
    exists: current !== undefined,
    createdAt: current?.createdAt,
    state: compare({ version, verificationKey: current?.verificationKey }, note),
  };
}

function compare(
  served: { readonly version: number; readonly verificationKey: string | undefined },
  note: RecoveryNote | undefined,
): RecoveryStatus["state"] {
  if (note === undefined) return served.version === 0 ? "inStep" : "unknown";
  if (served.version > note.version) return "unknown";
  const same = served.version === note.version && served.verificationKey === note.verificationKey;
  return same ? "inStep" : "lost";
}

/**
 * Opens the server's copy with the key, and changes nothing. Refuses `notFound` when there is no
 * recovery key, `loginFailed` when it is not the current one, and `identityInvalid` when the copy does
 * not open with the current one or holds another identity key.
 */
export async function openServerCopy(
  { api, crypto }: AccountContext,
  { certificate, user }: StoredAccount,
  key: RecoveryKey,
): Promise<RecoveryCopy> {
  const { current, version } = await api.json("GET", paths.recovery(), recoveryAnswerSchema);
  if (current === undefined) {
    throw new Refusal("notFound", "this account has no recovery key: make one");
  }
  if (current.verificationKey !== toBase64Url(loginKeyOf(crypto, key).publicKey)) {
    const text = "this is not the account's recovery key; perhaps a later one has replaced it";
    throw new Refusal("loginFailed", text);
  }
  const sealed = fromBase64Url(current.sealedCopy);
  const copy = openCopy(crypto, key, { place: { user, version }, sealed });
  const { identityKey } = deviceSigningCertificateCodec.decode(certificate);
  if (equalBytes(crypto.ed25519PublicKey(copy.identityPrivateKey), identityKey)) return copy;
  throw new Refusal("identityInvalid", "the recovery key opens keys of another account");
}
