import {
  checkClientList,
  clientListHash,
  clientsAnswerSchema,
  deviceSigningCertificateCodec,
  equalBytes,
  fromBase64Url,
  type ListedClient,
  paths,
  Refusal,
  type SignedClientList,
  signedClientListCodec,
} from "@treehouse/protocol";

import type { AccountContext } from "./context.ts";
import { readAccount, writeAccount } from "./stored-account.ts";

/**
 * The clients of the own user, as the latest signed list names them. A list under other keys, older
 * than one that this client knows, or another one of the same version, is refused
 * `identityInvalid`: the server has added a client by itself, or went back (T-09).
 */
export async function listClients(context: AccountContext): Promise<readonly ListedClient[]> {
  const { api, crypto, store } = context;
  const answer = await api.json("GET", paths.clients(), clientsAnswerSchema);
  const encoded = fromBase64Url(answer.clientList);
  const latest = signedClientListCodec.decode(encoded);
  checkClientList(latest, { verify: (key, message, sig) => crypto.verify(key, message, sig) });
  await store.transaction((tx) => {
    const account = readAccount(tx);
    if (account === undefined) throw new Refusal("conflict", "the account of this store is gone");
    const certificate = deviceSigningCertificateCodec.decode(account.certificate);
    const known = signedClientListCodec.decode(account.clientList);
    if (latest.list.user !== account.user) throw invalid("it is another user's");
    if (!equalBytes(latest.certificate.identityKey, certificate.identityKey)) {
      throw invalid("it is signed under another identity key");
    }
    checkNotBefore(latest, known);
    writeAccount(tx, { ...account, clientList: encoded });
  });
  return latest.list.clients;
}

function checkNotBefore(latest: SignedClientList, known: SignedClientList): void {
  if (latest.list.version < known.list.version) throw invalid("it is older than one before");
  if (latest.certificate.number < known.certificate.number) {
    throw invalid("it is signed with a key that has been replaced");
  }
  const same = equalBytes(clientListHash(latest.list), clientListHash(known.list));
  if (latest.list.version === known.list.version && !same) {
    throw invalid("it is another one than before under the same number");
  }
}

function invalid(what: string): Refusal {
  const text = `the list of your clients that the server shows cannot be trusted: ${what}`;
  return new Refusal("identityInvalid", text);
}
