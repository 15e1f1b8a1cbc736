import {
  compareSafetyNumber,
  contactSafetyNumber,
  deviceSigningCertificateCodec,
  equalBytes,
  formatAddress,
  Refusal,
  type SafetyComparison,
  toHex,
  type UserUri,
} from "@treehouse/protocol";

import type { ContactRow } from "../storage/index.ts";
import type { AccountContext } from "./context.ts";
import { writeAccepted } from "./account-data/pins.ts";
import { lookUp } from "./people.ts";
import type { StoredAccount } from "./stored-account.ts";

/** What is known of somebody's identity key, and the number to compare it by. */
export type ContactSafety = {
  readonly user: UserUri;
  readonly address: string;
  /** 60 digits in groups of five; the other side shows the same if no server is in between. */
  readonly digits: string;
  /** The same as text for a QR code. */
  readonly payload: string;
  /** Hex; the key that the number is about. */
  readonly identityKey: string;
  /** When this very key was compared, in milliseconds since the Unix epoch. */
  readonly verifiedAt?: number;
  /**
   * The key is another one than before, and nobody has accepted it yet: the number is that of the
   * new key.
   */
  readonly changed: boolean;
};

/**
 * The safety number with somebody. Who was never seen is looked up first. Refuses `unknownUser`, and
 * `notAllowed` for oneself.
 */
export async function readSafety(
  context: AccountContext,
  account: StoredAccount,
  user: UserUri,
): Promise<ContactSafety> {
  if (user === account.user) {
    throw new Refusal("notAllowed", "a safety number is between two people: name somebody else");
  }
  const known = await context.store.transaction((tx) => tx.contacts.get(user));
  if (known === undefined) await lookUp(context, user);
  const row = await context.store.transaction((tx) => tx.contacts.get(user));
  if (row === undefined) throw new Error("who was looked up is pinned");
  return safetyOf(account, row);
}

/** Everybody whose identity key this store has pinned, but oneself. */
export async function listIdentities(
  context: AccountContext,
  account: StoredAccount,
): Promise<readonly Omit<ContactSafety, "digits" | "payload">[]> {
  const rows = await context.store.transaction((tx) => tx.contacts.list());
  return rows.filter(({ user }) => user !== account.user).map(stateOf);
}

/**
 * Compares with what was scanned or typed in. A match is remembered, and accepts the key if it was a
 * changed one; anything else changes nothing. Refuses `malformed`.
 */
export async function verifyContact(
  context: AccountContext,
  account: StoredAccount,
  { user, scanned }: { readonly user: UserUri; readonly scanned: string },
): Promise<SafetyComparison> {
  const shown = await readSafety(context, account, user);
  const result = compareSafetyNumber(shown, scanned);
  if (result === "match") await settleKey(context, shown, { verified: true });
  return result;
}

/**
 * Takes the key that `shown` is about for the user's own, compared or not. Refuses `conflict` when
 * the key is another one by now.
 */
export async function settleKey(
  context: AccountContext,
  shown: Pick<ContactSafety, "user" | "identityKey">,
  { verified }: { readonly verified: boolean },
): Promise<void> {
  const now = context.env.now();
  await context.store.transaction((tx) => {
    const row = tx.contacts.get(shown.user);
    const key = row?.otherKey ?? row?.identityKey;
    if (row === undefined || key === undefined || toHex(key) !== shown.identityKey) {
      const address = formatAddress(shown.user);
      throw new Refusal("conflict", `the key of ${address} has changed meanwhile: look again`);
    }
    const same = equalBytes(key, row.identityKey);
    tx.contacts.accept(shown.user, key, verified ? now : same ? row.verifiedAt : undefined);
    writeAccepted(tx, shown.user, now);
  });
}

function safetyOf(account: StoredAccount, row: ContactRow): ContactSafety {
  const own = deviceSigningCertificateCodec.decode(account.certificate).identityKey;
  const { user } = row;
  const number = contactSafetyNumber(
    { user: account.user, identityKey: own },
    { user, identityKey: row.otherKey ?? row.identityKey },
  );
  return { ...stateOf(row), ...number };
}

function stateOf(row: ContactRow): Omit<ContactSafety, "digits" | "payload"> {
  const changed = row.otherKey !== undefined;
  return {
    user: row.user,
    address: formatAddress(row.user),
    identityKey: toHex(row.otherKey ?? row.identityKey),
    changed,
    ...(changed || row.verifiedAt === undefined ? {} : { verifiedAt: row.verifiedAt }),
  };
}
