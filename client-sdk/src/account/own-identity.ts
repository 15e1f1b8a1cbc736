import type { ClientIdentity } from "@treehouse/mls/member";
import {
  checkClientList,
  clientListHash,
  type ClientsAnswer,
  clientsAnswerSchema,
  type ClientUri,
  deviceSigningCertificateCodec,
  equalBytes,
  formatAddress,
  fromBase64Url,
  leafIdentityCodec,
  type ListedClient,
  paths,
  Refusal,
  type SignedClientList,
  signedClientListCodec,
} from "@treehouse/protocol";

import { createSerial } from "../transport/index.ts";
import type { AccountContext, IdentityAlarm } from "./context.ts";
import { withLeafIdentity } from "./own-leaf.ts";
import { readAccount, type StoredAccount, writeAccount } from "./stored-account.ts";

/** How the user's list of clients differs from the one that this client knew before. */
export type ClientsChange = {
  readonly version: number;
  readonly added: readonly ClientUri[];
  readonly removed: readonly ClientUri[];
};

/** What this client is to others, kept up with the user's client list. */
export interface OwnIdentity {
  /** The same object for good; its leaf identity is replaced when another client was revoked. */
  readonly identity: ClientIdentity;
  /** Number of the device-signing key behind it. */
  number(): number;
  /** The clients of the user by the newest list that was seen. */
  clients(): readonly ListedClient[];
  /** Their ids; the same set until there is another list. */
  ids(): ReadonlySet<ClientUri>;
  /**
   * Asks the own server for the newest list and leaf identity, and takes them over. Refuses
   * `identityInvalid`, and raises an alarm, when the server shows a list under other keys, an older
   * one than before or another one under the same version: it has added a client by itself, or holds
   * something back (T-09).
   */
  refresh(): Promise<void>;
  /** The same with what the server has answered to a revocation. */
  take(answer: ClientsAnswer): Promise<void>;
}

export function createOwnIdentity(
  context: AccountContext,
  account: StoredAccount,
  told: {
    readonly changed: (change: ClientsChange) => void;
    /** The leaf identity is another one: leaves and KeyPackages carry the old one. */
    readonly renewed: () => void;
  },
): OwnIdentity {
  const { api, store } = context;
  const { client, signaturePrivateKey, signaturePublicKey } = account;
  const leafIdentity = account.leafIdentity ?? new Uint8Array();
  const identity: ClientIdentity = {
    client,
    signaturePrivateKey,
    signaturePublicKey,
    leafIdentity,
  };
  const serial = createSerial();
  let latest = signedClientListCodec.decode(account.clientList);
  let ids = idsOf(latest);

  const take = async (answer: ClientsAnswer): Promise<void> => {
    const encoded = fromBase64Url(answer.clientList);
    const own = fromBase64Url(answer.leafIdentity);
    const signed = signedClientListCodec.decode(encoded);
    const before = await store.transaction((tx) => {
      const known = readAccount(tx);
      if (known === undefined) throw new Refusal("conflict", "the account of this store is gone");
      const list = judged(context, known, signed);
      const current = withLeafIdentity(context, known, own);
      if (leafIdentityCodec.decode(own).certificate.number !== signed.certificate.number) {
        const text =
          "the server shows a list and an identity of this client that do not belong together";
        throw new Refusal("identityInvalid", text);
      }
      writeAccount(tx, { ...current, clientList: encoded });
      return list;
    });
    latest = signed;
    ids = idsOf(signed);
    const isRenewed = !equalBytes(identity.leafIdentity, own);
    identity.leafIdentity = own;
    const change = changeBetween(before, signed);
    if (change.added.length + change.removed.length > 0) told.changed(change);
    if (isRenewed) told.renewed();
  };

  return {
    identity,
    number: () => latest.certificate.number,
    clients: () => latest.list.clients,
    ids: () => ids,
    refresh: () =>
      serial.run(async () => take(await api.json("GET", paths.clients(), clientsAnswerSchema))),
    take: (answer) => serial.run(() => take(answer)),
  };
}

function idsOf({ list }: SignedClientList): ReadonlySet<ClientUri> {
  return new Set(list.clients.map(({ client }) => client));
}

function changeBetween(before: SignedClientList, after: SignedClientList): ClientsChange {
  const [was, is] = [idsOf(before), idsOf(after)];
  return {
    version: after.list.version,
    added: [...is.difference(was)],
    removed: [...was.difference(is)],
  };
}

/** Answers the list that was known before. */
function judged(
  context: AccountContext,
  known: StoredAccount,
  latest: SignedClientList,
): SignedClientList {
  const { crypto } = context;
  const before = signedClientListCodec.decode(known.clientList);
  const certificate = deviceSigningCertificateCodec.decode(known.certificate);
  const refuse = (kind: IdentityAlarm["kind"], what: string): Refusal => {
    const text = `the list of your clients that the server shows cannot be trusted: ${what}`;
    const { user } = known;
    context.alarm({ user, kind, text: `${formatAddress(user)}: ${text}` });
    return new Refusal("identityInvalid", text);
  };
  if (latest.list.user !== known.user) throw refuse("listInvalid", "it is another user's");
  if (!equalBytes(latest.certificate.identityKey, certificate.identityKey)) {
    throw refuse("listInvalid", "it is signed under another identity key");
  }
  try {
    checkClientList(latest, { verify: (key, message, sig) => crypto.verify(key, message, sig) });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw refuse("listInvalid", error.message);
  }
  if (latest.list.version < before.list.version) {
    throw refuse("listRolledBack", "it is older than one before");
  }
  if (latest.certificate.number < before.certificate.number) {
    throw refuse("listRolledBack", "it is signed with a key that has been replaced");
  }
  const same = equalBytes(clientListHash(latest.list), clientListHash(before.list));
  if (latest.list.version === before.list.version && !same) {
    throw refuse("listForked", "it is another one than before under the same number");
  }
  return before;
}
