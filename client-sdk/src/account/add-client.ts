import {
  attestationCodec,
  clientAdditionAnswerSchema,
  clientListHash,
  deviceSigningCertificateCodec,
  domainOf,
  fromBase64Url,
  loginProofMessage,
  mintClientUri,
  paths,
  Refusal,
  signAttestation,
  signClientList,
  signedClientListCodec,
  toBase64Url,
  type UserUri,
} from "@treehouse/protocol";

import type { LocalTx } from "../storage/index.ts";
import type { AccountContext } from "./context.ts";
import { attestationLifetimeMs } from "./identity.ts";
import { logIn } from "./log-in.ts";
import { proveForClients, type ProvedForClients } from "./prove-for-clients.ts";
import { dataKeySetting, type StoredAccount, writeAccount } from "./stored-account.ts";

/**
 * Makes this store a further client of an account, with the password alone: OPAQUE's `export_key`
 * opens the recovery bundle, whose identity key leads to the device-signing key, which signs the
 * next client list (architecture §4). The new keys are durable before the server hears of them;
 * doing it again with the same store finds out whether the server took them. `also` is written with
 * what makes the client complete.
 *
 * Refuses `loginFailed`; `identityInvalid` when what the server shows is not signed with the keys
 * in the bundle (T-09); and `conflict` when the list changes again and again meanwhile.
 */
export async function addClient(
  context: AccountContext,
  wanted: { readonly user: UserUri; readonly password: string },
  begun: StoredAccount | undefined,
  also: (tx: LocalTx) => void,
): Promise<StoredAccount> {
  if (begun !== undefined) {
    try {
      return await logIn(context, begun, wanted.password, also);
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== "unknownClient") throw error;
    }
  }
  const { crypto } = context;
  const fresh = crypto.generateSignatureKeyPair();
  const own: OwnKeys = {
    client: begun?.client ?? mintClientUri(wanted.user, (length) => crypto.random(length)),
    signaturePrivateKey: begun?.signaturePrivateKey ?? fresh.privateKey,
    signaturePublicKey: begun?.signaturePublicKey ?? fresh.publicKey,
  };
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await offer(context, wanted, own, also);
    } catch (error) {
      const again = error instanceof Refusal && error.code === "conflict";
      if (!again || attempt === attemptsMax) throw error;
    }
  }
}

const attemptsMax = 5;

type OwnKeys = Pick<StoredAccount, "client" | "signaturePrivateKey" | "signaturePublicKey">;

async function offer(
  context: AccountContext,
  { user, password }: { readonly user: UserUri; readonly password: string },
  own: OwnKeys,
  also: (tx: LocalTx) => void,
): Promise<StoredAccount> {
  const { api, crypto, store } = context;
  const { client } = own;
  const proved = await proveForClients(context, { user, password, client });
  const account = certify(context, { user, own, ...proved });
  await store.transaction((tx) => writeAccount(tx, account));
  const proof = loginProofMessage({ server: domainOf(user), loginId: proved.proofId, client });
  const added = await api.json("POST", paths.clients(), clientAdditionAnswerSchema, {
    proofId: proved.proofId,
    clientList: toBase64Url(account.clientList),
    attestation: toBase64Url(account.attestation),
    proof: toBase64Url(crypto.sign(own.signaturePrivateKey, proof)),
    clientName: context.clientName,
  });
  const complete = {
    ...account,
    clientList: fromBase64Url(added.clientList),
    leafIdentity: fromBase64Url(added.leafIdentity),
    sessionToken: added.session.token,
  };
  await store.transaction((tx) => {
    writeAccount(tx, complete);
    tx.settings.put(dataKeySetting, proved.bundle.accountDataKey);
    also(tx);
  });
  return complete;
}

/** Signs the next client list. */
function certify(
  { api, crypto, env }: AccountContext,
  {
    user,
    own,
    latest,
    device,
  }: ProvedForClients & { readonly user: UserUri; readonly own: OwnKeys },
): StoredAccount {
  const { certificate, list } = latest;
  const now = env.now();
  const listed = {
    client: own.client,
    signatureKey: own.signaturePublicKey,
    addedAt: now,
    expiresAt: now + attestationLifetimeMs,
  };
  const sign = (message: Uint8Array) => crypto.sign(device.privateKey, message);
  const attestation = signAttestation({ ...listed, number: certificate.number }, sign);
  const clients = [...list.clients, listed].toSorted((a, b) => (a.client < b.client ? -1 : 1));
  const next = { user, version: list.version + 1, previousHash: clientListHash(list), clients };
  return {
    version: 1,
    server: api.server,
    user,
    ...own,
    deviceSigningPrivateKey: device.privateKey,
    certificate: deviceSigningCertificateCodec.encode(certificate),
    attestation: attestationCodec.encode(attestation),
    clientList: signedClientListCodec.encode(signClientList(next, certificate, sign)),
    leafIdentity: undefined,
    sessionToken: undefined,
  };
}
