import {
  equalBytes,
  keyPackageUploadCodec,
  leafIdentityCodec,
  LIMITS,
  Refusal,
} from "@treehouse/protocol";
import type { Bytes, UploadedKeyPackage } from "@treehouse/protocol";
import { checkKeyPackage } from "@treehouse/mls/public";
import type { ReadTx, Session } from "../platform/index.ts";
import { readHead } from "./capabilities.ts";
import { usableUntil } from "./claim.ts";
import type { KeyPackagesContext } from "./context.ts";
import type { Stock, StoredKeyPackage } from "./store.ts";

export type Uploaded = { readonly stored: number; readonly stock: Stock };

/**
 * Takes a client's own KeyPackages into stock: all of them or none. One that is in stock already,
 * or was handed out, is passed over, so that an upload may be repeated. A new last-resort one takes
 * the place of the old.
 *
 * Each must be valid for this moment (RFC 9420 §10.1), live at most `keyPackageLifetimeMaxMs`, be
 * marked as last resort as the upload says, and carry the signature key and leaf identity under
 * which this server knows the client, countersignature included.
 *
 * Refuses `malformed`, `invalidKeyPackage`, `identityInvalid`, `clientMismatch`, `keyPackagesFull`,
 * `limitExceeded` and `rateLimited`.
 */
export async function upload(
  context: KeyPackagesContext,
  session: Session,
  body: Bytes,
): Promise<Uploaded> {
  const { database, env, limits, store } = context;
  const uploads = keyPackageUploadCodec.decode(body);
  limits.keyPackageUploadPerClient.take(session.client);
  const at = env.now();
  const known = await database.read((tx) => knownClient(context, tx, session));
  const packages: StoredKeyPackage[] = [];
  for (const each of uploads) packages.push(await check(context, session, known, each, at));

  return database.transaction(async (tx) => {
    const current = await knownClient(context, tx, session);
    if (!equalBytes(current.leafIdentity, known.leafIdentity)) {
      throw new Refusal("conflict", "the client's identity changed meanwhile; try again");
    }
    const stored = await store.add(tx, packages);
    const stock = await store.stock(tx, session.client, usableUntil(at));
    if (stock.ordinary > LIMITS.keyPackagesPerClientMax) {
      throw new Refusal("keyPackagesFull", "the stock would hold too many KeyPackages", {
        limitName: "keyPackagesPerClientMax",
        limit: LIMITS.keyPackagesPerClientMax,
      });
    }
    return { stored, stock };
  });
}

type KnownClient = { readonly signatureKey: Bytes; readonly leafIdentity: Bytes };

async function knownClient(
  { clients }: KeyPackagesContext,
  tx: ReadTx,
  { client }: Session,
): Promise<KnownClient> {
  const signatureKey = await clients.clientKey(tx, client);
  const leafIdentity = await clients.leafIdentity(tx, client);
  if (!signatureKey || !leafIdentity) {
    throw new Refusal("unknownClient", "this client is not in its user's client list");
  }
  return { signatureKey, leafIdentity };
}

async function check(
  { crypto }: KeyPackagesContext,
  session: Session,
  known: KnownClient,
  { keyPackage, lastResort }: UploadedKeyPackage,
  at: number,
): Promise<StoredKeyPackage> {
  const checked = await checkKeyPackage({ crypto }, keyPackage, { at });
  if (checked.client !== session.client) {
    throw new Refusal("clientMismatch", "a client uploads its own KeyPackages only");
  }
  if (!equalBytes(checked.signatureKey, known.signatureKey)) {
    throw new Refusal("clientMismatch", "the KeyPackage has another key than the client list");
  }
  if (!equalBytes(leafIdentityCodec.encode(checked.leafIdentity), known.leafIdentity)) {
    throw new Refusal("identityInvalid", "the KeyPackage carries another identity than is known");
  }
  if (checked.lastResort !== lastResort) {
    throw new Refusal("invalidKeyPackage", "the KeyPackage is not marked as the upload says");
  }
  const { ref, client, notBefore, notAfter } = checked;
  if (notAfter - notBefore > LIMITS.keyPackageLifetimeMaxMs) {
    throw new Refusal("invalidKeyPackage", "the KeyPackage lives too long", {
      limitName: "keyPackageLifetimeMaxMs",
      limit: LIMITS.keyPackageLifetimeMaxMs,
    });
  }
  if (notAfter <= usableUntil(at)) {
    throw new Refusal("invalidKeyPackage", "the KeyPackage expires too soon to be handed out");
  }
  const { suite } = readHead(keyPackage);
  return { ref, client, suite, lastResort, notBefore, notAfter, keyPackage };
}
