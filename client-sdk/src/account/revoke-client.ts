import {
  attestationCodec,
  clientListHash,
  type ClientsAnswer,
  clientsAnswerSchema,
  type ClientUri,
  domainOf,
  type ListedClient,
  loginProofMessage,
  paths,
  Refusal,
  signAttestation,
  signCertificate,
  signClientList,
  signedClientListCodec,
  toBase64Url,
} from "@treehouse/protocol";

import { checkOwnList } from "./certify-client.ts";
import type { AccountContext } from "./context.ts";
import { deviceSigningKey } from "./identity.ts";
import { proveBySecret, type Secret } from "./prove-by-secret.ts";
import type { ProvedForClients } from "./prove-for-clients.ts";
import { readAccount, type StoredAccount, writeAccount } from "./stored-account.ts";

/**
 * Shuts out another client of the account, with the password or the recovery key: the next device-signing key signs a
 * list without it and attests all that stay (decision 0021), so that what was in that client
 * certifies nothing more. The server ends everything of it in the same step, and answers what this
 * client is from now on.
 *
 * Refuses `notAllowed` for this client itself, `unknownClient`, `loginFailed`, `identityInvalid`, and
 * `conflict` when the list changes again and again meanwhile.
 */
export async function revokeClient(
  context: AccountContext,
  own: StoredAccount,
  { client, secret }: { readonly client: ClientUri; readonly secret: Secret },
): Promise<ClientsAnswer> {
  if (client === own.client) {
    throw new Refusal("notAllowed", "a client cannot revoke itself; another one of its user can");
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await revoke(context, own, { client, secret });
    } catch (error) {
      const again = error instanceof Refusal && error.code === "conflict";
      if (!again || attempt === attemptsMax) throw error;
    }
  }
}

const attemptsMax = 5;

async function revoke(
  context: AccountContext,
  own: StoredAccount,
  { client, secret }: { readonly client: ClientUri; readonly secret: Secret },
): Promise<ClientsAnswer> {
  const { api, crypto, store } = context;
  const { user } = own;
  const proved = await proveBySecret(context, { user, client: own.client }, secret);
  checkOwnList(context, { ...proved, user });
  const { clients } = proved.latest.list;
  if (!clients.some((one) => one.client === client)) {
    throw new Refusal("unknownClient", "the account has no such client");
  }
  const staying = clients.filter((one) => one.client !== client);
  const next = certifyNext(context, proved, staying);
  const message = loginProofMessage({
    server: domainOf(user),
    loginId: proved.proofId,
    client: own.client,
  });
  const answer = await api.json("POST", paths.clientRevocations(), clientsAnswerSchema, {
    proofId: proved.proofId,
    client,
    clientList: toBase64Url(next.clientList),
    attestations: next.attestations.map((attestation) => toBase64Url(attestation)),
    proof: toBase64Url(crypto.sign(own.signaturePrivateKey, message)),
  });
  await store.transaction((tx) => {
    const account = readAccount(tx);
    const { deviceSigningPrivateKey } = next;
    if (account !== undefined) writeAccount(tx, { ...account, deviceSigningPrivateKey });
  });
  return answer;
}

function certifyNext(
  { crypto, env }: AccountContext,
  { bundle, latest }: ProvedForClients,
  staying: readonly ListedClient[],
) {
  const { list } = latest;
  const { user } = list;
  const number = latest.certificate.number + 1;
  const device = deviceSigningKey(crypto, bundle.identityPrivateKey, number);
  const { identityKey } = latest.certificate;
  const unsigned = { user, identityKey, number, deviceSigningKey: device.publicKey };
  const certificate = signCertificate({ ...unsigned, createdAt: env.now() }, (message) =>
    crypto.sign(bundle.identityPrivateKey, message),
  );
  const sign = (message: Uint8Array) => crypto.sign(device.privateKey, message);
  const version = list.version + 1;
  const next = { user, version, previousHash: clientListHash(list), clients: staying };
  return {
    deviceSigningPrivateKey: device.privateKey,
    clientList: signedClientListCodec.encode(signClientList(next, certificate, sign)),
    attestations: staying.map((listed) =>
      attestationCodec.encode(signAttestation({ ...listed, number }, sign)),
    ),
  };
}
