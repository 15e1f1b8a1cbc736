import {
  type RoomView,
  roleDefinition,
  roleLookup,
  type UserUri,
  userTag,
} from "@treehouse/protocol";

/** What a commit changed of a room's rules, as far as it can be told in terms of people. */
export type PolicyChange = {
  /** Who is still in and has another role than before, with its name. */
  readonly roles: readonly { readonly user: UserUri; readonly role: string }[];
  /** Those of them who were in; of others no state says who they are. */
  readonly banned: readonly UserUri[];
  readonly silenced: readonly UserUri[];
  readonly unsilenced: readonly UserUri[];
  /** Definitions of roles, the default role, bounds, or somebody's ban who is not in. */
  readonly rules: boolean;
};

/** Undefined where nothing of it is different. */
export function policyChange(before: RoomView, after: RoomView): PolicyChange | undefined {
  const [was, is] = [before.state, after.state];
  const users = before.participants.map(({ user }) => user);
  const present = new Set(users);
  const staying = after.participants.map(({ user }) => user).filter((user) => present.has(user));
  const [roleBefore, roleAfter] = [roleLookup(was), roleLookup(is)];
  const salt = (is.sanctions ?? was.sanctions)?.salt;
  const tagged =
    salt === undefined ? [] : users.map((user) => ({ user, tag: userTag(salt, user) }));
  const bannedBefore = new Set(was.sanctions?.banned);
  const bannedNow = new Set(is.sanctions?.banned);
  const mutesBefore = new Map(was.sanctions?.muted.map(({ user, until }) => [user, until]));
  const mutesNow = new Map(is.sanctions?.muted.map(({ user, until }) => [user, until]));
  const usersOf = (changed: (tag: string) => boolean) =>
    tagged.filter(({ tag }) => changed(tag)).map(({ user }) => user);
  const banned = usersOf((tag) => bannedNow.has(tag) && !bannedBefore.has(tag));
  const known = new Set(tagged.map(({ tag }) => tag));
  const elsewhere = bannedNow
    .symmetricDifference(bannedBefore)
    .values()
    .some((tag) => !known.has(tag));
  const change = {
    roles: staying
      .filter((user) => roleBefore(user) !== roleAfter(user))
      .map((user) => ({ user, role: roleDefinition(is, roleAfter(user))?.name ?? "" })),
    banned,
    silenced: usersOf(
      (tag) =>
        mutesNow.has(tag) && !(mutesBefore.has(tag) && mutesBefore.get(tag) === mutesNow.get(tag)),
    ),
    unsilenced: usersOf((tag) => mutesBefore.has(tag) && !mutesNow.has(tag)),
    rules: elsewhere || rulesDiffer(was, is),
  };
  const isNothing =
    change.roles.length + banned.length + change.silenced.length + change.unsilenced.length === 0;
  return isNothing && !change.rules ? undefined : change;
}

function rulesDiffer(was: RoomView["state"], is: RoomView["state"]): boolean {
  const rules = ({ roles, defaultRole, basePolicy, rulesVersion, floor }: RoomView["state"]) =>
    JSON.stringify([roles, defaultRole, basePolicy, rulesVersion, floor]);
  return rules(was) !== rules(is);
}
