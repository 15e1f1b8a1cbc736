import {
  checkClientList,
  type ClientUri,
  clientsProofAnswerSchema,
  equalBytes,
  formatAddress,
  fromBase64Url,
  loginStartAnswerSchema,
  paths,
  Refusal,
  type SignedClientList,
  signedClientListCodec,
  type UserUri,
} from "@treehouse/protocol";

import type { AccountContext } from "./context.ts";
import { deviceSigningKey } from "./identity.ts";
import { startLogin } from "./opaque.ts";
import { openRecoveryBundle, type RecoveryBundle } from "./recovery-bundle.ts";

/** Leave to change the client list once, and what it takes to sign the next one. */
export type ProvedForClients = {
  readonly proofId: string;
  readonly bundle: RecoveryBundle;
  /** The latest list, signed by the user's own device-signing key. */
  readonly latest: SignedClientList;
  /** That key. */
  readonly device: ReturnType<typeof deviceSigningKey>;
};

type Wanted = { readonly user: UserUri; readonly password: string; readonly client: ClientUri };

const codesAskedForMax = 3;

/**
 * Proves the password, and the second factor where the account has one, as a client that need not be
 * listed: OPAQUE's `export_key` opens the recovery bundle, whose identity key leads to all
 * device-signing keys (architecture §4). A login that lacks a code, or has a wrong one, is over: each
 * try is a login of its own.
 *
 * Refuses `loginFailed`, `factorRequired` and `factorInvalid`, and `identityInvalid` when what the
 * server shows is not signed with the keys in the bundle (T-09).
 */
export async function proveForClients(
  context: AccountContext,
  wanted: Wanted,
): Promise<ProvedForClients> {
  const { secondFactor } = context;
  let code = typeof secondFactor === "string" ? secondFactor : undefined;
  for (let count = 0; ; count += 1) {
    try {
      return await prove(context, wanted, code);
    } catch (error) {
      const lacking = error instanceof Refusal && error.code === "factorRequired";
      const asked = lacking && code === undefined;
      const wrong = error instanceof Refusal && error.code === "factorInvalid";
      const typed = typeof secondFactor === "function" && count < codesAskedForMax;
      if (secondFactor === undefined || !(asked || (wrong && typed))) throw error;
      code = typeof secondFactor === "string" ? secondFactor : await secondFactor();
    }
  }
}

async function prove(
  { api, crypto }: AccountContext,
  { user, password, client }: Wanted,
  code: string | undefined,
): Promise<ProvedForClients> {
  const opaque = await startLogin(password);
  const started = await api.json("POST", paths.loginStart(), loginStartAnswerSchema, {
    user,
    client,
    startLoginRequest: opaque.request,
  });
  const login = opaque.finish(started.loginResponse);
  if (login === undefined) {
    throw new Refusal("loginFailed", "the password is wrong, or there is no such account");
  }
  const answer = await api.json("POST", paths.clientsProof(), clientsProofAnswerSchema, {
    loginId: started.loginId,
    finishLoginRequest: login.request,
    client,
    code,
  });
  const bundle = opened(crypto, fromBase64Url(answer.recoveryBundle), login.exportKey);
  const latest = signedClientListCodec.decode(fromBase64Url(answer.clientList));
  const device = checkOwn(crypto, user, bundle, latest);
  return { proofId: answer.proofId, bundle, latest, device };
}

function opened(
  crypto: AccountContext["crypto"],
  sealed: Uint8Array,
  exportKey: Uint8Array,
): RecoveryBundle {
  try {
    return openRecoveryBundle(crypto, sealed, exportKey);
  } catch (cause) {
    const text = "the server holds a recovery bundle that this password does not open";
    throw new Refusal("identityInvalid", text, {}, { cause });
  }
}

/** The list is the user's own; answers the key that signed it. */
function checkOwn(
  crypto: AccountContext["crypto"],
  user: UserUri,
  { identityPrivateKey }: RecoveryBundle,
  latest: SignedClientList,
): ProvedForClients["device"] {
  const { certificate, list } = latest;
  checkClientList(latest, { verify: (key, message, sig) => crypto.verify(key, message, sig) });
  const device = deviceSigningKey(crypto, identityPrivateKey, certificate.number);
  const isOwn =
    list.user === user &&
    equalBytes(certificate.identityKey, crypto.ed25519PublicKey(identityPrivateKey)) &&
    equalBytes(certificate.deviceSigningKey, device.publicKey);
  if (isOwn) return device;
  const text = `the client list that the server shows is not signed with the keys of ${formatAddress(user)}`;
  throw new Refusal("identityInvalid", text);
}
