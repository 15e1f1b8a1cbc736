import { mintClientUri, Refusal, type SignedClientList, type UserUri } from "@treehouse/protocol";

import type { LocalTx } from "../storage/index.ts";
import { certifyByBundle } from "./certify-client.ts";
import type { AccountContext } from "./context.ts";
import { logIn } from "./log-in.ts";
import { offerClient, type OwnKeys } from "./offer-client.ts";
import { proveBySecret, type Secret } from "./prove-by-secret.ts";
import type { ProvedForClients } from "./prove-for-clients.ts";
import type { StoredAccount } from "./stored-account.ts";

/**
 * Makes this store a further client of an account, with the password or the recovery key alone: it
 * opens the recovery bundle, whose identity key leads to the device-signing key, which signs the next
 * client list (architecture §4). Doing it again with the same store finds out whether the server took
 * the keys. `also` is written with what makes the client complete.
 *
 * Refuses `loginFailed`; `identityInvalid` when what the server shows is not signed with the keys
 * in the bundle (T-09); and `conflict` when the list changes again and again meanwhile.
 */
export async function addClient(
  context: AccountContext,
  wanted: { readonly user: UserUri; readonly secret: Secret },
  begun: StoredAccount | undefined,
  also: (tx: LocalTx) => void,
): Promise<StoredAccount> {
  const { secret, user } = wanted;
  if (begun !== undefined && "password" in secret) {
    try {
      return await logIn(context, begun, secret.password, also);
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== "unknownClient") throw error;
    }
  }
  let own: OwnKeys = begun ?? newKeys(context, user);
  for (let attempt = 1; ; attempt += 1) {
    try {
      const proved = await proveBySecret(context, { user, client: own.client }, secret);
      if (isListed(proved.latest, own)) {
        // The answer of an earlier try was lost, and the recovery key opens no session for it.
        own = newKeys(context, user);
        continue;
      }
      return await offer(context, { user, own, proved }, also);
    } catch (error) {
      const again = error instanceof Refusal && error.code === "conflict";
      if (!again || attempt >= attemptsMax) throw error;
    }
  }
}

const attemptsMax = 5;

function newKeys({ crypto }: AccountContext, user: UserUri): OwnKeys {
  const { privateKey, publicKey } = crypto.generateSignatureKeyPair();
  const client = mintClientUri(user, (length) => crypto.random(length));
  return { client, signaturePrivateKey: privateKey, signaturePublicKey: publicKey };
}

function isListed({ list }: SignedClientList, { client }: OwnKeys): boolean {
  return list.clients.some((one) => one.client === client);
}

function offer(
  context: AccountContext,
  known: {
    readonly user: UserUri;
    readonly own: OwnKeys;
    readonly proved: ProvedForClients;
  },
  also: (tx: LocalTx) => void,
): Promise<StoredAccount> {
  const { own, proved, user } = known;
  const { bundle, latest, proofId } = proved;
  const added = { client: own.client, signatureKey: own.signaturePublicKey };
  const certified = certifyByBundle(context, { bundle, latest, user }, added);
  const { accountDataKey } = bundle;
  return offerClient(context, { user, own, certified, proofId, accountDataKey }, also);
}
