import {
  type Bytes,
  clientAdditionAnswerSchema,
  domainOf,
  fromBase64Url,
  loginProofMessage,
  paths,
  toBase64Url,
  type UserUri,
} from "@treehouse/protocol";

import type { LocalTx } from "../storage/index.ts";
import type { Certified } from "./certify-client.ts";
import type { AccountContext } from "./context.ts";
import { dataKeySetting, type StoredAccount, writeAccount } from "./stored-account.ts";

/** The keys of a client that nobody else ever has. */
export type OwnKeys = Pick<StoredAccount, "client" | "signaturePrivateKey" | "signaturePublicKey">;

/**
 * The end of every way to add a client: the server takes the list that names it, and gives it its
 * first session by proof of its key. The keys are durable before the server hears of them. `also` is
 * written with what makes the client complete. Refuses `conflict` when the list changed meanwhile.
 */
export async function offerClient(
  context: AccountContext,
  offer: {
    readonly user: UserUri;
    readonly own: OwnKeys;
    readonly certified: Certified;
    readonly proofId: string;
    readonly accountDataKey: Bytes;
  },
  also: (tx: LocalTx) => void,
): Promise<StoredAccount> {
  const { api, crypto, store } = context;
  const { own, proofId, user } = offer;
  const account: StoredAccount = {
    version: 1,
    server: api.server,
    user,
    client: own.client,
    signaturePrivateKey: own.signaturePrivateKey,
    signaturePublicKey: own.signaturePublicKey,
    ...offer.certified,
    leafIdentity: undefined,
    sessionToken: undefined,
  };
  await store.transaction((tx) => writeAccount(tx, account));
  const proof = loginProofMessage({ server: domainOf(user), loginId: proofId, client: own.client });
  const added = await api.json("POST", paths.clients(), clientAdditionAnswerSchema, {
    proofId,
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
    tx.settings.put(dataKeySetting, offer.accountDataKey);
    also(tx);
  });
  return complete;
}
