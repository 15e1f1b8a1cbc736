import {
  type Bytes,
  checkClientList,
  clientListHash,
  equalBytes,
  formatAddress,
  fromBase64Url,
  paths,
  Refusal,
  serverAnswerSchema,
  type SignedClientList,
  signedClientListCodec,
  userAnswerSchema,
  type UserUri,
} from "@treehouse/protocol";

import type { AccountContext } from "./context.ts";

/**
 * Looks a user up by full identifier and checks the signed client list. Another identity key than
 * the pinned one, or an older list than one seen before, is refused with `identityInvalid`; a key
 * that is seen for the first time is pinned.
 */
export async function lookUp(context: AccountContext, user: UserUri): Promise<SignedClientList> {
  const { api, crypto, env, store } = context;
  const address = formatAddress(user);
  const answer = await api.json("GET", paths.user(address), userAnswerSchema);
  const signed = signedClientListCodec.decode(fromBase64Url(answer.clientList));
  if (signed.list.user !== user) throw new Refusal("identityInvalid", "another user's client list");
  checkClientList(signed, { verify: (key, message, sig) => crypto.verify(key, message, sig) });
  const { identityKey } = signed.certificate;
  const hash = clientListHash(signed.list);
  const { version } = signed.list;
  await store.transaction((tx) => {
    const known = tx.contacts.get(user);
    if (known !== undefined && !equalBytes(known.identityKey, identityKey)) {
      throw new Refusal("identityInvalid", `${address} has another identity key than before`);
    }
    const rolledBack =
      known !== undefined &&
      (version < known.listVersion ||
        (version === known.listVersion && !equalBytes(hash, known.listHash)));
    if (rolledBack) {
      throw new Refusal("identityInvalid", `the server shows an older client list of ${address}`);
    }
    const seenAt = env.now();
    tx.contacts.put({ user, identityKey, listVersion: version, listHash: hash, seenAt });
  });
  return signed;
}

/** The own server's public keys by id. They change, so they are asked for at each use. */
export async function serverKeys({ api }: AccountContext): Promise<ReadonlyMap<string, Bytes>> {
  const { serverKeys: keys } = await api.json("GET", paths.server(), serverAnswerSchema);
  return new Map(keys.map(({ kid, key }) => [kid, fromBase64Url(key)]));
}
