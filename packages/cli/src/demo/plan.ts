import { people, removed, type ServerName, serverNames, serverOfName } from "./cast.ts";
import { seeded } from "./seeded.ts";

/** What happens to a server once so many of a burst's lines were accepted. */
export type Blow = {
  /** `cut`: it is cut off from the other servers until all who can go on have been heard. */
  readonly kind: "kill" | "cut";
  readonly server: ServerName;
  /** Below the number of lines, so that at least one is under way. */
  readonly after: number;
};

/** Lines that are said at once. */
export type Burst = {
  readonly lines: readonly { readonly user: string; readonly text: string }[];
  readonly blow: Blow | undefined;
};

/** What is said while all are members, while some are not, and when they are back. */
export type Plan = readonly [before: Burst[], without: Burst[], after: Burst[]];

const burstMax = 8;

/**
 * The conversation of a seed: `messages` lines in three parts, and blows spread over the whole:
 * `kills` SIGKILLs, in turn for each server, and `cuts`, in turn for each server that does not host
 * the conversation. There are at least three lines a blow.
 */
export function planConversation(wanted: {
  readonly seed: number;
  readonly messages: number;
  readonly kills: number;
  readonly cuts: number;
  readonly canary: string;
}): Plan {
  const { messages, kills, cuts, canary } = wanted;
  const whole = [messages, kills, cuts].every((number) => Number.isSafeInteger(number));
  if (!whole || kills < 0 || cuts < 0) {
    throw new Error("messages, kills and cuts are whole numbers");
  }
  if (messages < 9 || messages < 3 * (kills + cuts)) {
    throw new Error("there are at least nine messages, and three messages a kill or cut");
  }
  const random = seeded(wanted.seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const third = Math.floor(messages / 3);
  const blows = shuffled(below, blowsOf(kills, cuts));
  const segment = messages / Math.max(1, blows.length);
  const starts = new Map<number, { readonly end: number; readonly blow: Omit<Blow, "after"> }>();
  for (const [index, blow] of blows.entries()) {
    const [from, to] = [Math.ceil(index * segment), Math.floor((index + 1) * segment)];
    const start = from + below(Math.max(1, to - from - 1));
    starts.set(start, { end: Math.min(to, start + 2 + below(burstMax - 1)), blow });
  }
  const plan: Plan = [[], [], []];
  let at = 0;
  for (const [part, end] of [third, 2 * third, messages].entries()) {
    const present = people
      .map(({ name }) => name)
      .filter((name) => part !== 1 || !removed.includes(name));
    while (at < end) {
      const begun = starts.get(at);
      const next = Math.max(at + 1, Math.min(begun?.end ?? at + 1, end));
      const lines = Array.from({ length: next - at }, (_, offset) => {
        const user = present[below(present.length)] ?? "alice";
        return { user, text: `${at + offset} ${canary} from ${user}` };
      });
      const blow = begun && { ...begun.blow, after: below(lines.length) };
      plan[part]?.push({ lines, blow: blow?.kind === "cut" ? reachable(blow, lines) : blow });
      at = next;
    }
  }
  return plan;
}

function blowsOf(kills: number, cuts: number): readonly Omit<Blow, "after">[] {
  const followers = serverNames.slice(1);
  return [
    ...Array.from({ length: kills }, (_, index) => ({
      kind: "kill" as const,
      server: serverNames[index % serverNames.length] ?? "alpha",
    })),
    ...Array.from({ length: cuts }, (_, index) => ({
      kind: "cut" as const,
      server: followers[index % followers.length] ?? "beta",
    })),
  ];
}

function shuffled<T>(below: (limit: number) => number, all: readonly T[]): readonly T[] {
  const left = [...all];
  return all.flatMap(() => left.splice(below(left.length), 1));
}

/** A cut comes while somebody who is not behind it can still be heard, if there is anybody. */
function reachable(blow: Blow, lines: Burst["lines"]): Blow {
  const heard = lines.filter(({ user }) => serverOfName(user) !== blow.server).length;
  return { ...blow, after: Math.min(blow.after, Math.max(0, heard - 1)) };
}
