import {
  attestationCodec,
  checkClientList,
  clientListHash,
  deviceSigningCertificateCodec,
  equalBytes,
  formatAddress,
  type ListedClient,
  Refusal,
  signAttestation,
  signClientList,
  type SignedClientList,
  signedClientListCodec,
  type UserUri,
} from "@treehouse/protocol";

import type { AccountContext } from "./context.ts";
import { attestationLifetimeMs, deviceSigningKey } from "./identity.ts";
import type { RecoveryBundle } from "./recovery-bundle.ts";
import type { StoredAccount } from "./stored-account.ts";

/** What makes a client one of its user, beside the client's own keys. */
export type Certified = Pick<
  StoredAccount,
  "deviceSigningPrivateKey" | "certificate" | "attestation" | "clientList"
>;

/**
 * Signs the next client list with one client more, if the latest one is the user's own. Refuses
 * `identityInvalid` when it is not signed with the keys that the bundle leads to (T-09).
 */
export function certifyByBundle(
  context: Pick<AccountContext, "crypto" | "env">,
  { bundle, latest, user }: ProvedList,
  added: Pick<ListedClient, "client" | "signatureKey">,
): Certified {
  const devicePrivateKey = checkOwnList(context, { bundle, latest, user });
  return certifyClient(context, { latest, devicePrivateKey }, added);
}

type ProvedList = {
  readonly user: UserUri;
  readonly bundle: RecoveryBundle;
  readonly latest: SignedClientList;
};

/** Answers the device-signing key under which the list is signed, if that follows from the bundle. */
export function checkOwnList(
  { crypto }: Pick<AccountContext, "crypto">,
  { bundle, latest, user }: ProvedList,
): StoredAccount["deviceSigningPrivateKey"] {
  const { identityPrivateKey } = bundle;
  const { certificate, list } = latest;
  checkClientList(latest, { verify: (key, message, sig) => crypto.verify(key, message, sig) });
  const device = deviceSigningKey(crypto, identityPrivateKey, certificate.number);
  const isOwn =
    list.user === user &&
    equalBytes(certificate.identityKey, crypto.ed25519PublicKey(identityPrivateKey)) &&
    equalBytes(certificate.deviceSigningKey, device.publicKey);
  if (isOwn) return device.privateKey;
  const text = `the client list that the server shows is not signed with the keys of ${formatAddress(user)}`;
  throw new Refusal("identityInvalid", text);
}

/** The same by whoever has the device-signing key and has checked the list. */
export function certifyClient(
  { crypto, env }: Pick<AccountContext, "crypto" | "env">,
  known: {
    readonly latest: SignedClientList;
    readonly devicePrivateKey: StoredAccount["deviceSigningPrivateKey"];
  },
  added: Pick<ListedClient, "client" | "signatureKey">,
): Certified {
  const { certificate, list } = known.latest;
  const now = env.now();
  const listed = { ...added, addedAt: now, expiresAt: now + attestationLifetimeMs };
  const sign = (message: Uint8Array) => crypto.sign(known.devicePrivateKey, message);
  const attestation = signAttestation({ ...listed, number: certificate.number }, sign);
  const clients = [...list.clients, listed].toSorted((a, b) => (a.client < b.client ? -1 : 1));
  const next = {
    user: list.user,
    version: list.version + 1,
    previousHash: clientListHash(list),
    clients,
  };
  return {
    deviceSigningPrivateKey: known.devicePrivateKey,
    certificate: deviceSigningCertificateCodec.encode(certificate),
    attestation: attestationCodec.encode(attestation),
    clientList: signedClientListCodec.encode(signClientList(next, certificate, sign)),
  };
}
