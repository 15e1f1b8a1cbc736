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
  toBase64Url,
  type UserAnswer,
  userAnswerSchema,
  type UserUri,
  type Verify,
} from "@treehouse/protocol";

import type { ContactRow } from "../storage/index.ts";
import { isInChain } from "./check-chain.ts";
import type { AccountContext, IdentityAlarm } from "./context.ts";

type ListFault = Exclude<IdentityAlarm["kind"], "bundleDamaged" | "accountReset">;

export type FoundUser = SignedClientList & {
  /** The keys with which the user's own server vouches, by id. */
  readonly countersigners: ReadonlyMap<string, Bytes>;
};

/**
 * Looks a user up by full identifier, on whichever server, and checks the signed client list and
 * that the user's server vouches for it. Another identity key than the pinned one, an older list than
 * one seen before or than the user's leaves prove, another list of the same version, and one that does
 * not follow from it are refused with `identityInvalid` and raise an alarm; a key that is seen for the
 * first time is pinned. With `fresh` no server answers from what it was told before.
 */
export async function lookUp(
  context: AccountContext,
  user: UserUri,
  options: { readonly fresh?: boolean } = {},
): Promise<FoundUser> {
  const { api, env, store } = context;
  const path = paths.user(formatAddress(user), options);
  const answer = await api.json("GET", path, userAnswerSchema);
  const told = answer.countersigners.map(({ kid, key }) => ({ kid, key: fromBase64Url(key) }));
  const signed = readList(context, user, { answer, told });
  const { identityKey, number } = signed.certificate;
  const listHash = clientListHash(signed.list);
  const before = await store.transaction((tx) => tx.contacts.get(user));
  const follows = before === undefined || (await followsFrom(context, before, signed));
  const alarm = await store.transaction((tx) => {
    const seenAt = env.now();
    const sighting = tx.contacts.see(user, identityKey, seenAt);
    if (sighting === "other" || sighting === "otherAgain") return "keyChanged";
    const known = tx.contacts.get(user);
    if (known === undefined) throw new Error("who was seen is known");
    const fault = faultOfList(signed, known, listHash) ?? (follows ? undefined : "listForked");
    if (fault !== undefined) return fault;
    const { version: listVersion } = signed.list;
    const signedList = fromBase64Url(answer.clientList);
    tx.contacts.put({ ...known, listVersion, listHash, signedList, keyNumber: number, seenAt });
    return undefined;
  });
  // The list that the own server was told of a while ago may be older than a leaf that was seen.
  const isOld = alarm === "listRolledBack" && options.fresh !== true;
  if (isOld) return lookUp(context, user, { fresh: true });
  if (alarm !== undefined) {
    const hasTwo = alarm === "listForked" && before !== undefined && before.signedList.length > 0;
    const evidence = [
      toBase64Url(before?.signedList ?? new Uint8Array()),
      answer.clientList,
    ] as const;
    throw raise(context, user, alarm, hasTwo ? { evidence } : {});
  }
  return { ...signed, countersigners: new Map(told.map(({ kid, key }) => [kid, key])) };
}

function readList(
  context: AccountContext,
  user: UserUri,
  {
    answer,
    told,
  }: {
    readonly answer: UserAnswer;
    readonly told: readonly { readonly kid: string; readonly key: Bytes }[];
  },
): SignedClientList {
  const verify: Verify = (key, message, sig) => context.crypto.verify(key, message, sig);
  try {
    const clientList = fromBase64Url(answer.clientList);
    return readVouchedClientList(user, { clientList, countersigners: told }, verify);
  } catch (error) {
    if (error instanceof Refusal) {
      context.alarm({ user, kind: "listInvalid", text: `${texts.listInvalid} ${error.message}.` });
    }
    throw error;
  }
}

/** Versions that this client has missed are asked for; one that it has not missed names the last. */
async function followsFrom(
  context: AccountContext,
  known: ContactRow,
  signed: SignedClientList,
): Promise<boolean> {
  const { certificate, list } = signed;
  const isSameKey = equalBytes(known.identityKey, certificate.identityKey);
  if (!isSameKey || known.listVersion === 0 || list.version <= known.listVersion + 1) return true;
  // What is old for another reason is told as that.
  if (certificate.number < known.keyNumber) return true;
  return isInChain(context, known, signed);
}

function faultOfList(
  { certificate, list }: SignedClientList,
  known: ContactRow,
  hash: Bytes,
): ListFault | undefined {
  if (list.version < known.listVersion) return "listRolledBack";
  // A leaf under a later key proves a list that is held back here (decision 0021).
  if (certificate.number < known.keyNumber) return "listRolledBack";
  if (list.version === known.listVersion) {
    return equalBytes(hash, known.listHash) ? undefined : "listForked";
  }
  const follows = known.listVersion > 0 && list.version === known.listVersion + 1;
  return follows && !equalBytes(list.previousHash, known.listHash) ? "listForked" : undefined;
}

/** Tells it, and answers what whoever asked is refused with. */
function raise(
  context: AccountContext,
  user: UserUri,
  kind: ListFault,
  more: Pick<IdentityAlarm, "evidence">,
): Refusal {
  const text = `${formatAddress(user)}: ${texts[kind]}`;
  context.alarm({ user, kind, text, ...more });
  return new Refusal("identityInvalid", text);
}

const texts: Record<ListFault, string> = {
  keyChanged:
    "the server shows another identity key than before. Ask that person by other means, and compare " +
    "the safety number before you accept the key.",
  listRolledBack: "the server shows an older client list than before.",
  listForked:
    "the server shows another client list than the one that it showed before, or one that does not " +
    "follow from it.",
  listInvalid: "The server shows a client list that is not right:",
};
