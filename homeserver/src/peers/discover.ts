import { LIMITS, NetworkFault, Refusal } from "@treehouse/protocol";
import type { Directory } from "@treehouse/protocol";
import type { PeersContext } from "./context.ts";
import { fetchDirectory } from "./directory.ts";
import type { FetchedDirectory, PeerState } from "./peer-state.ts";
import { pinKeys } from "./pin-keys.ts";
import type { StoredPeer } from "./store.ts";

/**
 * The server's directory, for a request to it: at most an hour old, if it can be had. An older one
 * is better than none, for whatever is asked with it is asked of the server's own name.
 */
export async function directoryOf(context: PeersContext, state: PeerState): Promise<Directory> {
  const age = ageOf(context, state.directory);
  if (
    age > LIMITS.directoryKeptMs &&
    (mayFetch(context, state) || mayTryAgain(context, state, tryAgainMs))
  ) {
    try {
      await refetch(context, state);
    } catch (error) {
      if (state.directory === undefined) throw error;
    }
  }
  checkNotFrozen(state);
  if (state.directory === undefined) throw state.fault ?? new Refusal("peerUnknown", notFound);
  return state.directory.document;
}

/**
 * This directory, or a newer one if this one fails the check: a server that is updated learns things
 * within the hour for which its directory is used (FED-903). The longer newer ones do not help, the
 * longer it waits for the next. Throws what the check throws.
 */
export async function directoryThatFits(
  context: PeersContext,
  state: PeerState,
  known: Directory,
  check: (directory: Directory) => void,
): Promise<Directory> {
  try {
    check(known);
    return known;
  } catch (error) {
    const mayLook = mayFetch(context, state, waitWhileLacking(state));
    if (!mayLook || !(await hasRefetched(context, state))) throw error;
  }
  checkNotFrozen(state);
  const newer = state.directory?.document ?? known;
  state.lackingSince ??= state.attemptedAt;
  check(newer);
  state.lackingSince = undefined;
  return newer;
}

/** As long as the directory has been found lacking already, so that it doubles. */
function waitWhileLacking({ attemptedAt = 0, lackingSince = attemptedAt }: PeerState): number {
  const waited = Math.max(attemptedAt - lackingSince, LIMITS.directoryLackingMs);
  return Math.min(waited, LIMITS.directoryRefetchMs);
}

async function hasRefetched(context: PeersContext, state: PeerState): Promise<boolean> {
  try {
    await refetch(context, state);
    return true;
  } catch {
    // It is noted at the server, and the older directory still says why.
    return false;
  }
}

/**
 * Looks for a key that is not known, or whose directory is old, at most once a minute (FED-903).
 * Never throws for what the other server does: then the key stays unknown.
 */
export async function lookForKeys(
  context: PeersContext,
  state: PeerState,
  address: string,
): Promise<void> {
  if (!mayFetch(context, state) && !mayTryAgain(context, state, tryAgainForOthersMs)) return;
  if (!state.known && state.fetching === undefined) context.strangers.take(address);
  try {
    await refetch(context, state);
  } catch (error) {
    if (error instanceof Refusal && error.code !== "peerKeyChanged") throw error;
  }
}

/** Fetches the directory now. Attempts that meet become one. */
export function refetch(context: PeersContext, state: PeerState): Promise<void> {
  state.fetching ??= attempt(context, state).finally(() => {
    state.fetching = undefined;
  });
  return state.fetching;
}

export function checkNotFrozen({ record }: PeerState): void {
  if (record.frozenAt === undefined) return;
  throw new Refusal("peerKeyChanged", "The server's key has changed, and nothing vouches for it.");
}

async function attempt(context: PeersContext, state: PeerState): Promise<void> {
  const { env, client, domain: own, signatures } = context;
  state.attemptedAt = env.monotonic();
  try {
    const document = await fetchDirectory(client, state.domain);
    const now = env.now();
    const verify = (key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
      signatures.verify(key, message, signature);
    const { pinned } = state.record;
    const pinning = pinKeys(pinned, document.keys, { domain: state.domain, now, verify });
    const record = recordAfter(state.record, pinning, now);
    if (!state.known) state.record = record;
    else if (!sameKeys(state.record, record)) await context.book.save(state, record);
    if (record.frozenAt === undefined) {
      state.directory = { document, at: env.monotonic() };
    } else {
      env.log.warn("peerFrozen", { host: state.domain, component: own });
    }
    state.fault = undefined;
  } catch (error) {
    state.fault = error;
    throw error;
  } finally {
    // Whoever has many names that ask us must not hold a connection for each.
    if (!state.known) client.forget(state.domain);
  }
}

/** A frozen server keeps what was believed of it, until the operator decides. */
function recordAfter(
  record: StoredPeer,
  { pinned, offered }: Pick<StoredPeer, "pinned" | "offered">,
  now: number,
): StoredPeer {
  if (offered.length > 0) {
    return { ...record, offered, frozenAt: record.frozenAt ?? now };
  }
  return record.frozenAt === undefined ? { ...record, pinned, offered: [] } : record;
}

function sameKeys(left: StoredPeer, right: StoredPeer): boolean {
  const text = ({ pinned, offered, frozenAt }: StoredPeer): string =>
    JSON.stringify([
      frozenAt,
      ...[pinned, offered].map((keys) =>
        keys.map(({ kid, key, notBefore, expires }) => [kid, [...key], notBefore, expires]),
      ),
    ]);
  return text(left) === text(right);
}

function mayFetch(
  { env }: PeersContext,
  { attemptedAt, fetching }: PeerState,
  afterMs: number = LIMITS.directoryRefetchMs,
): boolean {
  if (fetching !== undefined || attemptedAt === undefined) return true;
  return env.monotonic() - attemptedAt >= afterMs;
}

/**
 * A server that could not be reached is looked for again soon, while nothing is known of it: it may
 * only have been starting. The minute between two looks is for directories that were fetched.
 */
function mayTryAgain({ env }: PeersContext, state: PeerState, afterMs: number): boolean {
  const { directory, attemptedAt, fault } = state;
  if (directory !== undefined || !(fault instanceof NetworkFault)) return false;
  return env.monotonic() - (attemptedAt ?? 0) >= afterMs;
}

/** For requests of our own, which whoever sends them paces. */
const tryAgainMs = 1_000;
/** For requests of others, who may only say that they are that server. */
const tryAgainForOthersMs = 5_000;

function ageOf({ env }: PeersContext, directory: FetchedDirectory | undefined): number {
  return directory === undefined ? Infinity : env.monotonic() - directory.at;
}

const notFound = "The server's directory cannot be found.";
