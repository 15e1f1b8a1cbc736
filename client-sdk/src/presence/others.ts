import {
  type Bytes,
  type Cancel,
  type ClientUri,
  type Env,
  formatAddress,
  presenceCodec,
  type PresenceState,
  type UserUri,
  userOfClient,
} from "@treehouse/protocol";

/** How a contact is there, as far as this client was told. */
export type ContactPresence = {
  readonly address: string;
  /** `offline`: nothing was heard for two and a half minutes, for whatever reason. */
  readonly state: PresenceState | "offline";
  readonly activity?: string;
  /** When `activity` ends, in milliseconds since the Unix epoch. */
  readonly until?: number;
};

export interface Others {
  /** Takes in what a client of a contact says; answers whether it asks. */
  heard(sender: ClientUri, content: Bytes): { readonly asks: boolean };
  of(user: UserUri): ContactPresence;
  list(): readonly ContactPresence[];
  /** Nothing more is known of this user: a contact no longer. */
  forget(user: UserUri): void;
  stop(): void;
}

/** FED-856. */
export const endsAfterMs = 150_000;
/** Contacts whose clients are remembered, and clients of each. */
const clientsMax = 32;

/** Lowest first: of several clients the one that is most there counts. */
const ranks: readonly PresenceState[] = ["idle", "dnd", "online"];

type Known = {
  readonly state: PresenceState;
  readonly activity: string;
  readonly activityUntil: number;
  readonly cancel: Cancel;
};

/** `tell` hears of each change that can be seen. */
export function createOthers(
  env: Pick<Env, "now" | "timer">,
  tell: (presence: ContactPresence) => void,
): Others {
  const users = new Map<UserUri, Map<ClientUri, Known>>();
  const told = new Map<UserUri, string>();
  const activities = new Map<UserUri, Cancel>();

  function summary(user: UserUri): ContactPresence {
    const address = formatAddress(user);
    const clients = [...(users.get(user)?.values() ?? [])];
    const best = clients.toSorted((a, b) => ranks.indexOf(b.state) - ranks.indexOf(a.state));
    const [first] = best;
    if (first === undefined) return { address, state: "offline" };
    const now = env.now();
    const busy = best.find(
      ({ activity, activityUntil }) =>
        activity !== "" && (activityUntil === 0 || activityUntil > now),
    );
    const { activity, activityUntil: until } = busy ?? { activity: "", activityUntil: 0 };
    return {
      address,
      state: first.state,
      ...(activity === "" ? {} : { activity }),
      ...(until === 0 ? {} : { until }),
    };
  }

  /** Tells what has changed, and looks again when the activity that is shown ends. */
  function review(user: UserUri): void {
    activities.get(user)?.();
    activities.delete(user);
    const now = summary(user);
    if (now.until !== undefined) {
      const waitMs = Math.min(now.until - env.now() + 1, endsAfterMs);
      activities.set(
        user,
        env.timer(waitMs, () => review(user)),
      );
    }
    const text = JSON.stringify(now);
    const before = told.get(user);
    if (before === text || (before === undefined && now.state === "offline")) return;
    if (now.state === "offline") told.delete(user);
    else told.set(user, text);
    tell(now);
  }

  function end(user: UserUri, client: ClientUri): void {
    const clients = users.get(user);
    clients?.get(client)?.cancel();
    clients?.delete(client);
    if (clients?.size === 0) users.delete(user);
  }

  return {
    heard(sender, content) {
      const { flags, state, activity, activityUntil } = presenceCodec.decode(content);
      const user = userOfClient(sender);
      const clients = users.get(user) ?? new Map<ClientUri, Known>();
      clients.get(sender)?.cancel();
      if (clients.has(sender) || clients.size < clientsMax) {
        const cancel = env.timer(endsAfterMs, () => {
          end(user, sender);
          review(user);
        });
        clients.set(sender, { state, activity, activityUntil, cancel });
        users.set(user, clients);
      }
      review(user);
      return { asks: flags.asks };
    },
    of: summary,
    list: () => [...users.keys()].toSorted().map(summary),
    forget(user) {
      for (const client of users.get(user)?.keys() ?? []) end(user, client);
      review(user);
    },
    stop() {
      for (const clients of users.values()) for (const { cancel } of clients.values()) cancel();
      for (const cancel of activities.values()) cancel();
      users.clear();
      activities.clear();
    },
  };
}
