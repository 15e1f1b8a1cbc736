import {
  type Bytes,
  equalBytes,
  fromBase64Url,
  toBase64Url,
  userField,
  type UserUri,
} from "@treehouse/protocol";
import { z } from "zod";

import type { DataEntries, LocalTx } from "../../storage/index.ts";
import { recordOfPerson } from "./records.ts";

const pinSchema = z.object({
  key: z.string().length(43),
  /** `seen`: pinned at first sight. `accepted`: the user has said that it is theirs. */
  how: z.enum(["seen", "accepted"]),
  verifiedAt: z.int().optional(),
});

const keyOf = (user: UserUri) => `key ${user}`;

/** Says to the user's other clients that the user has taken a key for somebody's own. */
export function writeAccepted(tx: LocalTx, user: UserUri, at: number): void {
  const row = tx.contacts.get(user);
  if (row === undefined) return;
  const { identityKey, verifiedAt } = row;
  const value = {
    key: toBase64Url(identityKey),
    how: "accepted",
    ...(verifiedAt === undefined ? {} : { verifiedAt }),
  };
  tx.accountData.set(recordOfPerson(user), keyOf(user), { value, at });
}

/** Notes whom this client has met since, for the others to pin the same. */
export function writeSeen(tx: LocalTx, self: UserUri): void {
  const known = new Set(tx.accountData.list().flatMap(({ entries }) => Object.keys(entries)));
  const met = tx.contacts.list().filter(({ user }) => user !== self && !known.has(keyOf(user)));
  for (const [record, people] of Map.groupBy(met, ({ user }) => recordOfPerson(user))) {
    const entries = people.map(({ user, identityKey, seenAt }) => {
      const value = { key: toBase64Url(identityKey), how: "seen" };
      return [keyOf(user), { value, at: seenAt }] as const;
    });
    tx.accountData.setAll(record, Object.fromEntries(entries));
  }
}

/**
 * Takes over what another client of the user has pinned. A key that it has only seen never takes the
 * place of one that was seen here: one of the two was shown a false one, and the user is asked. One
 * that the user has accepted there since does. Answers whose keys differ.
 */
export function applyPins(
  tx: LocalTx,
  { before, remote }: { readonly before: DataEntries; readonly remote: DataEntries },
): readonly UserUri[] {
  const differing: UserUri[] = [];
  for (const [name, entry] of Object.entries(remote)) {
    const user = userOf(name);
    const pin = pinSchema.safeParse(entry.value).data;
    if (user === undefined || pin === undefined) continue;
    const local = before[name];
    const isNewer = local === undefined || entry.at > local.at;
    if (applyPin(tx, user, { ...pin, key: fromBase64Url(pin.key), at: entry.at, isNewer })) {
      differing.push(user);
    }
  }
  return differing;
}

type Pin = {
  readonly key: Bytes;
  readonly how: "seen" | "accepted";
  readonly verifiedAt?: number | undefined;
  readonly at: number;
  readonly isNewer: boolean;
};

/** Answers whether the keys differ and the user has not said anything about it yet. */
function applyPin(tx: LocalTx, user: UserUri, pin: Pin): boolean {
  const sighting = tx.contacts.see(user, pin.key, pin.at);
  const row = tx.contacts.get(user);
  if (row === undefined) return false;
  const { verifiedAt } = pin;
  if (equalBytes(row.identityKey, pin.key)) {
    const accepted = pin.how === "accepted" && pin.isNewer;
    if (accepted) tx.contacts.put({ ...row, verifiedAt, otherKey: undefined });
    return false;
  }
  if (pin.how === "accepted" && pin.isNewer) {
    tx.contacts.accept(user, pin.key, verifiedAt);
    return false;
  }
  return sighting === "other";
}

function userOf(name: string): UserUri | undefined {
  return name.startsWith("key ") ? parsed(name.slice(4)) : undefined;
}

function parsed(text: string): UserUri | undefined {
  const result = userField.safeParse(text);
  return result.success ? result.data : undefined;
}
