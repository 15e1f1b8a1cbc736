import { LIMITS } from "@treehouse/protocol";
import type {
  ClientKeyMaterial,
  ClientUri,
  KeyMaterialRequest,
  UserUri,
} from "@treehouse/protocol";
import type { Tx } from "../platform/index.ts";
import { fits, readHead } from "./capabilities.ts";
import type { KeyPackagesContext } from "./context.ts";
import type { KeyPackageStore, StoredKeyPackage } from "./store.ts";

/** One KeyPackage of each of a user's clients, for somebody who may have them. */
export type Claim = {
  readonly requester: UserUri;
  /** In the order of their URIs. */
  readonly targets: readonly ClientUri[];
  readonly request: Pick<
    KeyMaterialRequest,
    "room" | "acceptableCiphersuites" | "requiredCapabilities"
  >;
};

type ClaimContext = Pick<KeyPackagesContext, "store" | "env">;

/**
 * Hands out one KeyPackage per client: an ordinary one, never to be handed out again, or the
 * last-resort one when no ordinary one fits. All in one transaction: what is answered is out of
 * stock for everybody. Whether the requester may have them was judged before.
 */
export async function claim(
  context: ClaimContext,
  tx: Tx,
  asked: Claim,
): Promise<readonly ClientKeyMaterial[]> {
  const at = context.env.now();
  const claimed: ClientKeyMaterial[] = [];
  for (const client of asked.targets) {
    claimed.push(await claimOne(context.store, tx, { ...asked, at }, client));
  }
  return claimed;
}

/** A KeyPackage handed out at `at` must live longer than this, so that it can still be added. */
export function usableUntil(at: number): number {
  return at + LIMITS.keyPackageRemainingMinMs;
}

type ClaimNow = Claim & { readonly at: number };

async function claimOne(
  store: KeyPackageStore,
  tx: Tx,
  { at, requester, request }: ClaimNow,
  client: ClientUri,
): Promise<ClientKeyMaterial> {
  const find = (limit: number): Promise<readonly StoredKeyPackage[]> =>
    store.candidates(tx, {
      client,
      suites: request.acceptableCiphersuites,
      at,
      usableUntil: usableUntil(at),
      limit,
    });
  const fitting = (candidate: StoredKeyPackage): boolean =>
    fits(readHead(candidate.keyPackage).capabilities, request.requiredCapabilities);

  // Nearly always the first one fits; only a client that changed its abilities has several sorts.
  const [first] = await find(1);
  if (!first) return whyNone(store, tx, at, client);
  const chosen = fitting(first) ? first : (await find(STOCK_MAX)).find(fitting);
  if (!chosen) return { status: "nothingCompatible", client, capabilities: undefined };
  await store.handOut(tx, chosen, { requester, room: request.room, at });
  return { status: "success", client, keyPackage: chosen.keyPackage };
}

/** All ordinary ones and a last-resort one of each suite. */
const STOCK_MAX = LIMITS.keyPackagesPerClientMax + LIMITS.ciphersuitesMax;

async function whyNone(
  store: KeyPackageStore,
  tx: Tx,
  at: number,
  client: ClientUri,
): Promise<ClientKeyMaterial> {
  const { ordinary, lastResort } = await store.stock(tx, client, usableUntil(at));
  return ordinary + lastResort > 0
    ? { status: "nothingCompatible", client, capabilities: undefined }
    : { status: "keyMaterialExhausted", client };
}
