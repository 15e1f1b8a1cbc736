import {
  checkClientList,
  CLIENT_LISTS_KEPT,
  clientListHash,
  clientListsAnswerSchema,
  equalBytes,
  formatAddress,
  fromBase64Url,
  paths,
  Refusal,
  type SignedClientList,
  signedClientListCodec,
  type Verify,
} from "@treehouse/protocol";

import type { ContactRow } from "../storage/index.ts";
import type { AccountContext } from "./context.ts";

/**
 * Whether a list follows from the one that was seen before, version by version: the server shows
 * those between, and each names the one before by its hash, under one identity key and no earlier
 * device-signing key. From behind what servers keep (`CLIENT_LISTS_KEPT`) the chain begins with the
 * oldest that there is. Refuses what asking refuses.
 */
export async function isInChain(
  context: AccountContext,
  known: Pick<ContactRow, "user" | "listVersion" | "listHash">,
  shown: SignedClientList,
): Promise<boolean> {
  const isKept = shown.list.version - known.listVersion <= CLIENT_LISTS_KEPT;
  const verify: Verify = (key, message, sig) => context.crypto.verify(key, message, sig);
  let previous: SignedClientList | undefined;
  while (previous === undefined || previous.list.version < shown.list.version) {
    const after = previous?.list.version ?? known.listVersion;
    const page = await fetchLists(context, known, after);
    if (page.length === 0) return false;
    for (const next of page) {
      if (previous === undefined && !(isKept ? isNext(known, next) : isLater(known, next)))
        return false;
      if (!holds(next, previous, verify)) return false;
      previous = next;
      if (next.list.version >= shown.list.version) break;
    }
  }
  return equalBytes(clientListHash(previous.list), clientListHash(shown.list));
}

type Known = Pick<ContactRow, "listVersion" | "listHash">;

function isNext({ listVersion, listHash }: Known, { list }: SignedClientList): boolean {
  return list.version === listVersion + 1 && equalBytes(list.previousHash, listHash);
}

function isLater({ listVersion }: Known, { list }: SignedClientList): boolean {
  return list.version > listVersion;
}

function holds(
  next: SignedClientList,
  previous: SignedClientList | undefined,
  verify: Verify,
): boolean {
  try {
    checkClientList(next, { verify, previous });
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

/** None when the server does not show any, or what it shows is no list. */
async function fetchLists(
  { api }: AccountContext,
  { user }: Pick<ContactRow, "user">,
  after: number,
): Promise<readonly SignedClientList[]> {
  try {
    const path = paths.clientLists(formatAddress(user), { after });
    const { clientLists } = await api.json("GET", path, clientListsAnswerSchema);
    return clientLists.map((list) => signedClientListCodec.decode(fromBase64Url(list)));
  } catch (error) {
    if (error instanceof Refusal && showsNone.includes(error.code)) return [];
    throw error;
  }
}

const showsNone: readonly string[] = ["unknownUser", "notFound", "malformed"];
