import { type Profile, PROFILE_LIMITS, profileSchema, Refusal } from "@treehouse/protocol";
import { z } from "zod";

import { PROFILE_RECORD } from "../account/index.ts";
import type { DataEntries, DataEntry, LocalTx } from "../storage/index.ts";

const audienceSchema = z.enum(["rooms", "contacts", "nobody"]);

/**
 * `rooms`: everybody in a conversation with the user. `contacts`: those who are contacts of each
 * other, in the conversation with them alone. `nobody`: the user's own clients.
 */
export type ProfileAudience = z.infer<typeof audienceSchema>;

/** `details.<kind>` is the detail of that kind. */
export type ProfileField = "displayName" | "status" | "avatar" | `details.${string}`;

export type OwnProfile = Profile & {
  /** Of each field that is set. */
  readonly audiences: Readonly<Record<string, ProfileAudience>>;
};

/** What is absent stays as it is; null takes it back. */
export type ProfileChange = {
  readonly displayName?: string | null;
  readonly status?: string | null;
  readonly avatar?: Profile["avatar"] | null;
  /** By kind. */
  readonly details?: Readonly<Record<string, string | null>>;
  /** By field; of one that is not set it changes nothing. */
  readonly audiences?: Readonly<Partial<Record<ProfileField, ProfileAudience>>>;
};

const fieldSchema = z.object({ said: z.json(), audience: audienceSchema });
type Field = z.infer<typeof fieldSchema>;

const detailStart = "details.";

/** A name is there to be known by; what says more of a person is for contacts first. */
function defaultAudience(field: string): ProfileAudience {
  return field === "displayName" || field === "avatar" ? "rooms" : "contacts";
}

/** What another client of the user has written and this version cannot read is as if not set. */
export function readOwnProfile(tx: LocalTx): OwnProfile {
  return ownProfileOf(tx.accountData.get(PROFILE_RECORD).entries);
}

/** Chooses what is named. Refuses `malformed` for what no receiver would take. */
export function writeOwnProfile(tx: LocalTx, change: ProfileChange, at: number): OwnProfile {
  const { details = {}, audiences = {}, ...plain } = change;
  const said = new Map<string, unknown>(Object.entries(plain));
  for (const [kind, value] of Object.entries(details)) said.set(`${detailStart}${kind}`, value);
  const { entries } = tx.accountData.get(PROFILE_RECORD);
  const chosen: Record<string, DataEntry> = {};
  for (const name of new Set([...said.keys(), ...Object.keys(audiences)])) {
    const known = fieldOf(entries[name]);
    const value = said.get(name) === undefined ? known?.said : said.get(name);
    const wanted = Object.entries(audiences).find(([field]) => field === name)?.[1];
    const audience = wanted ?? known?.audience ?? defaultAudience(name);
    if (value === undefined) continue;
    const field = value === null ? null : { said: value, audience };
    chosen[name] = { value: z.json().parse(field), at };
  }
  checkProfile({ ...entries, ...chosen });
  for (const [name, entry] of Object.entries(chosen)) {
    tx.accountData.set(PROFILE_RECORD, name, entry);
  }
  return readOwnProfile(tx);
}

/** What those of an audience see. */
export function viewOf(own: OwnProfile, audience: "rooms" | "contacts"): Profile {
  const seen = (field: string): boolean => {
    const whose = own.audiences[field];
    return whose === "rooms" || (whose === "contacts" && audience === "contacts");
  };
  const { changedAt, details = [], ...plain } = own;
  const shown = details.filter(({ kind }) => seen(`${detailStart}${kind}`));
  return profileSchema.parse({
    changedAt,
    ...Object.fromEntries(Object.entries(plain).filter(([name]) => seen(name))),
    ...(shown.length === 0 ? {} : { details: shown }),
  });
}

/** The same for two that say the same, whenever they were said. Empty where nothing is said. */
export function wordingOf(view: Profile): string {
  const { changedAt: _, ...said } = profileSchema.parse(view);
  return Object.keys(said).length === 0 ? "" : JSON.stringify(said);
}

function ownProfileOf(entries: DataEntries): OwnProfile {
  const fields = fieldsOf(entries);
  const readable = fields.filter(
    (field) => profileSchema.safeParse(profileWith([field], 0)).success,
  );
  const changedAt = Object.values(entries).reduce((last, { at }) => Math.max(last, at), 0);
  return {
    ...profileSchema.parse(profileWith(readable, changedAt)),
    audiences: Object.fromEntries(readable.map(({ name, audience }) => [name, audience])),
  };
}

function checkProfile(entries: DataEntries): void {
  const fields = fieldsOf(entries);
  const result = profileSchema.safeParse(profileWith(fields, 0));
  if (result.success) return;
  const [issue] = result.error.issues;
  const { displayNameMax, statusMax, detailsMax, detailValueMax, avatarBytesMax } = PROFILE_LIMITS;
  throw new Refusal(
    "malformed",
    `${issue?.path.join(".") ?? "profile"}: a name has at most ${displayNameMax} characters, a ` +
      `status ${statusMax}, a detail ${detailValueMax} and there are at most ${detailsMax} of them, ` +
      `a picture is WebP, PNG or JPEG of at most ${avatarBytesMax} octets; all text shows something ` +
      "and has no control characters",
  );
}

type NamedField = Field & { readonly name: string };

/** In the order of names, so that all of the user's clients word the same alike. */
function fieldsOf(entries: DataEntries): readonly NamedField[] {
  const fields = Object.entries(entries).flatMap(([name, entry]) => {
    const field = fieldOf(entry);
    return field === undefined ? [] : [{ name, ...field }];
  });
  return fields.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function profileWith(fields: readonly NamedField[], changedAt: number): unknown {
  const details = fields
    .filter(({ name }) => name.startsWith(detailStart))
    .map(({ name, said }) => ({ kind: name.slice(detailStart.length), value: said }));
  const plain = fields.filter(({ name }) => !name.startsWith(detailStart));
  return {
    changedAt,
    ...Object.fromEntries(plain.map(({ name, said }) => [name, said])),
    ...(details.length === 0 ? {} : { details }),
  };
}

function fieldOf(entry: DataEntry | undefined): Field | undefined {
  return fieldSchema.safeParse(entry?.value).data;
}
