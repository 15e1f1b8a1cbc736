import {
  type Bytes,
  checkClientList,
  clientListHash,
  equalBytes,
  formatAddress,
  fromBase64Url,
  paths,
  Refusal,
  type SignedClientList,
  signedClientListCodec,
  userAnswerSchema,
  type UserUri,
  type Verify,
  verifyClientListCountersignature,
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
  const signed = signedClientListCodec.decode(fromBase64Url(answer.clientList));
  if (signed.list.user !== user) throw new Refusal("identityInvalid", "another user's client list");
  const verify: Verify = (key, message, sig) => crypto.verify(key, message, sig);
  checkClientList(signed, { verify });
  const countersigners = new Map(
    answer.countersigners.map(({ kid, key }) => [kid, fromBase64Url(key)]),
  );
  const vouching = countersigners.get(signed.countersigner);
  if (vouching === undefined || !verifyClientListCountersignature(signed, vouching, verify)) {
    throw new Refusal("identityInvalid", `the server of ${address} does not vouch for the list`);
  }
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
  return { ...signed, countersigners };
}
