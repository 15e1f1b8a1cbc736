import {
  checkClientList,
  type ClientUri,
  clientListHash,
  equalBytes,
  formatAddress,
  fromBase64Url,
  paths,
  Refusal,
  signedClientListCodec,
  toHex,
  userAnswerSchema,
  type UserUri,
} from "@treehouse/protocol";

import type { AccountContext } from "./context.ts";

export type FoundContact = {
  readonly user: UserUri;
  readonly address: string;
  /** Hex; pinned at first sight. */
  readonly identityKey: string;
  readonly clients: readonly ClientUri[];
};

/**
 * Looks a user up by full identifier and checks the signed client list. Another identity key than
 * the pinned one, or an older list than one seen before, is refused with `identityInvalid`.
 */
export async function findContact(context: AccountContext, user: UserUri): Promise<FoundContact> {
  const { api, crypto, env, store } = context;
  const address = formatAddress(user);
  const answer = await api.json("GET", paths.user(address), userAnswerSchema);
  const signed = signedClientListCodec.decode(fromBase64Url(answer.clientList));
  if (signed.list.user !== user) throw new Refusal("identityInvalid", "another user's client list");
  checkClientList(signed, { verify: (key, message, sig) => crypto.verify(key, message, sig) });
  const { identityKey } = signed.certificate;
  const known = await store.transaction((tx) => tx.contacts.get(user));
  if (known !== undefined && !equalBytes(known.identityKey, identityKey)) {
    throw new Refusal("identityInvalid", `${address} has another identity key than before`);
  }
  const hash = clientListHash(signed.list);
  const { version } = signed.list;
  const rolledBack =
    known !== undefined &&
    (version < known.listVersion ||
      (version === known.listVersion && !equalBytes(hash, known.listHash)));
  if (rolledBack) {
    throw new Refusal("identityInvalid", `the server shows an older client list of ${address}`);
  }
  await store.transaction((tx) => {
    const seenAt = env.now();
    tx.contacts.put({ user, identityKey, listVersion: version, listHash: hash, seenAt });
  });
  return {
    user,
    address,
    identityKey: toHex(identityKey),
    clients: signed.list.clients.map(({ client }) => client),
  };
}
