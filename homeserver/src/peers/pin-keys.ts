import { equalBytes, LIMITS, verifyFederationKey } from "@treehouse/protocol";
import type { Bytes, Directory, Domain, Verify } from "@treehouse/protocol";
import type { PeerKey } from "./store.ts";

/** What comes of a directory's keys, beside those that were known. */
export interface Pinning {
  /** Believed from now on. */
  readonly pinned: readonly PeerKey[];
  /** Listed, and vouched for by no key that was believed: the server is frozen if there are any. */
  readonly offered: readonly PeerKey[];
}

type ListedKey = Directory["keys"][number];

/**
 * FED-911, FED-912: the first directory is believed. Of a later one, a new key is believed when a
 * believed key that is not over certified it, or when a chain of such certificates leads to it: a
 * server that was not heard of for long may have changed its key more than once. A key that is not
 * listed any more is over at once, without patience for a clock, for it may have been stolen; and the
 * end of a key never moves away.
 *
 * Of the keys that are over, those that ended last are remembered: whoever makes a server forget one
 * that it revoked has another one that is believed, and gains nothing.
 */
export function pinKeys(
  known: readonly PeerKey[],
  listed: Directory["keys"],
  {
    domain,
    now,
    verify,
  }: { readonly domain: Domain; readonly now: number; readonly verify: Verify },
): Pinning {
  if (known.length === 0) {
    return { pinned: listed.map((key) => peerKey(key, now)).filter(isNotOver(now)), offered: [] };
  }
  const believed = new Map(known.filter(isNotOver(now)).map((key) => [key.kid, key]));
  const before = new Map(known.map((key) => [key.kid, key]));
  let unknown = listed.filter((key) => !isSame(before.get(key.kid), key));

  for (;;) {
    const certified = unknown.filter((key) => {
      const certifier = believed.get(key.certifiedBy ?? "");
      return certifier !== undefined && isCertified(domain, key, certifier.key, verify);
    });
    // A key id that was another key's can never be believed again.
    const added = certified.filter(({ kid }) => !before.has(kid) && !believed.has(kid));
    if (added.length === 0) break;
    for (const key of added) believed.set(key.kid, peerKey(key, now));
    unknown = unknown.filter((key) => !added.includes(key));
  }

  const listedKids = new Map(listed.map((key) => [key.kid, key]));
  const pinned = [...new Map([...before, ...believed]).values()].map((key) => {
    const shown = listedKids.get(key.kid);
    const end = shown === undefined ? now - LIMITS.federationSkewMs : shown.exp;
    return { ...key, expires: earlier(key.expires, end) };
  });
  // Where nothing believed is left, what is shown is as good as new; what is over asks for nothing.
  const offered = pinned.some(isNotOver(now)) ? unknown : listed;
  return {
    pinned: pinned.toSorted(byEnd).slice(0, LIMITS.peerKeysMax).toSorted(byKid),
    offered: offered.map((key) => peerKey(key, now)).filter(isNotOver(now)),
  };
}

/** The keys of which one is believed at that time, with so much patience for its clock. */
export function usableAt(key: PeerKey, at: number, skewMs: number): boolean {
  return key.notBefore - skewMs <= at && (key.expires === undefined || at < key.expires + skewMs);
}

function isNotOver(now: number) {
  return ({ expires }: PeerKey): boolean => expires === undefined || expires > now;
}

function isSame(known: PeerKey | undefined, listed: ListedKey): boolean {
  return known !== undefined && equalBytes(known.key, listed.x);
}

/** Its end may have become known only after it was certified. */
function isCertified(domain: Domain, key: ListedKey, certifier: Bytes, verify: Verify): boolean {
  const { certificate } = key;
  if (certificate === undefined) return false;
  const unsigned = { domain, kid: key.kid, key: key.x, notBefore: key.notBefore };
  return [key.exp ?? 0, 0].some((expires) =>
    verifyFederationKey({ ...unsigned, expires }, certificate, certifier, verify),
  );
}

function peerKey({ kid, x, notBefore, exp }: ListedKey, now: number): PeerKey {
  return { kid, key: x, notBefore, expires: exp, seenAt: now };
}

function earlier(left: number | undefined, right: number | undefined): number | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  return Math.min(left, right);
}

/** Those that are not over come first: a directory cannot list as many as are remembered. */
function byEnd({ expires: left = Infinity }: PeerKey, { expires: right = Infinity }: PeerKey) {
  return left === right ? 0 : right - left;
}

function byKid(left: PeerKey, right: PeerKey): number {
  return left.kid < right.kid ? -1 : 1;
}
