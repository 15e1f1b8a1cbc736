import { LIMITS } from "@treehouse/protocol";
import type {
  ClientKeyMaterial,
  ClientUri,
  RequiredCapabilities,
  RoomUri,
  UserUri,
} from "@treehouse/protocol";
import type { Tx } from "../platform/index.ts";
import { fits, readHead } from "./capabilities.ts";
import type { Clients } from "./clients.ts";
import type { KeyPackageStore, StoredKeyPackage } from "./store.ts";

/** One KeyPackage of every client of a user, for somebody who wants to add that user. */
export type Claim = {
  readonly requester: UserUri;
  readonly target: UserUri;
  /** Where the target is to be added; undefined for none in particular. */
  readonly room: RoomUri | undefined;
  /** Any of these will do. */
  readonly suites: readonly number[];
  readonly required: RequiredCapabilities;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
};

/**
 * Hands out one KeyPackage per client, in the order of the clients' URIs: an ordinary one, never
 * to be handed out again, or the last-resort one when no ordinary one fits. Answers undefined when
 * there is no such user. All in one transaction: what is answered is out of stock for everybody.
 *
 * Every user of this server is entitled to ask; a later consent rule belongs before this call,
 * where the requester, the target and the room are known and nothing is handed out yet.
 */
export async function claim(
  store: KeyPackageStore,
  clients: Clients,
  tx: Tx,
  asked: Claim,
): Promise<readonly ClientKeyMaterial[] | undefined> {
  const targets = await clients.clientsOf(tx, asked.target);
  if (!targets) return undefined;
  const claimed: ClientKeyMaterial[] = [];
  for (const client of targets) claimed.push(await claimOne(store, tx, asked, client));
  return claimed;
}

/** A KeyPackage handed out at `at` must live longer than this, so that it can still be added. */
export function usableUntil(at: number): number {
  return at + LIMITS.keyPackageRemainingMinMs;
}

async function claimOne(
  store: KeyPackageStore,
  tx: Tx,
  asked: Claim,
  client: ClientUri,
): Promise<ClientKeyMaterial> {
  const { at, requester, room } = asked;
  const find = (limit: number): Promise<readonly StoredKeyPackage[]> =>
    store.candidates(tx, {
      client,
      suites: asked.suites,
      at,
      usableUntil: usableUntil(at),
      limit,
    });
  const fitting = (candidate: StoredKeyPackage): boolean =>
    fits(readHead(candidate.keyPackage).capabilities, asked.required);

  // Nearly always the first one fits; only a client that changed its abilities has several sorts.
  const [first] = await find(1);
  if (!first) return whyNone(store, tx, asked, client);
  const chosen = fitting(first) ? first : (await find(STOCK_MAX)).find(fitting);
  if (!chosen) return { status: "nothingCompatible", client, capabilities: undefined };
  await store.handOut(tx, chosen, { requester, room, at });
  return { status: "success", client, keyPackage: chosen.keyPackage };
}

/** All ordinary ones and a last-resort one of each suite. */
const STOCK_MAX = LIMITS.keyPackagesPerClientMax + LIMITS.ciphersuitesMax;

async function whyNone(
  store: KeyPackageStore,
  tx: Tx,
  { at }: Claim,
  client: ClientUri,
): Promise<ClientKeyMaterial> {
  const { ordinary, lastResort } = await store.stock(tx, client, usableUntil(at));
  return ordinary + lastResort > 0
    ? { status: "nothingCompatible", client, capabilities: undefined }
    : { status: "keyMaterialExhausted", client };
}
