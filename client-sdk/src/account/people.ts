import {
  type Bytes,
  clientListHash,
  equalBytes,
  formatAddress,
  fromBase64Url,
  paths,
  readVouchedClientList,
  Refusal,
  type SignedClientList,
  userAnswerSchema,
  type UserUri,
  type Verify,
} from "@treehouse/protocol";

import type { AccountContext } from "./context.ts";

export type FoundUser = SignedClientList & {
  /** The keys with which the user's own server vouches, by id. */
  readonly countersigners: ReadonlyMap<string, Bytes>;
};

/**
 * Looks a user up by full identifier, on whichever server, and checks the signed client list and
 * that the user's server vouches for it. Another identity key than the pinned one, or an older list
 * than one seen before, is refused with `identityInvalid`; a key that is seen for the first time is
 * pinned.
 */
export async function lookUp(context: AccountContext, user: UserUri): Promise<FoundUser> {
  const { api, crypto, env, store } = context;
  const address = formatAddress(user);
  const answer = await api.json("GET", paths.user(address), userAnswerSchema);
  const told = answer.countersigners.map(({ kid, key }) => ({ kid, key: fromBase64Url(key) }));
  const verify: Verify = (key, message, sig) => crypto.verify(key, message, sig);
  const clientList = fromBase64Url(answer.clientList);
  const signed = readVouchedClientList(user, { clientList, countersigners: told }, verify);
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
  return { ...signed, countersigners: new Map(told.map(({ kid, key }) => [kid, key])) };
}
