import { seeded } from "./seeded.ts";

/** Lines that are said at once; with `killAfter` the server dies once so many were accepted. */
export type Burst = {
  readonly lines: readonly { readonly user: string; readonly text: string }[];
  /** Below the number of lines, so that at least one is under way when the server is killed. */
  readonly killAfter: number | undefined;
};

/** What is said while all are members, while Carol is not, and when she is back. */
export type Plan = readonly [before: Burst[], without: Burst[], after: Burst[]];

const killBurstMax = 8;

/**
 * The conversation of a seed: `messages` lines in three parts, `kills` bursts in which the server
 * is killed, spread over the whole. There are at least three lines a kill.
 */
export function planConversation(wanted: {
  readonly seed: number;
  readonly messages: number;
  readonly kills: number;
  readonly canary: string;
}): Plan {
  const { messages, kills, canary } = wanted;
  if (!(Number.isSafeInteger(messages) && Number.isSafeInteger(kills) && kills >= 0)) {
    throw new Error("messages and kills are whole numbers");
  }
  if (messages < 9 || messages < 3 * kills) {
    throw new Error("there are at least nine messages, and three messages a kill");
  }
  const random = seeded(wanted.seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const third = Math.floor(messages / 3);
  const ends = [third, 2 * third, messages];
  const segment = messages / Math.max(1, kills);
  const starts = new Map<number, number>();
  for (let kill = 0; kill < kills; kill += 1) {
    const [from, to] = [Math.ceil(kill * segment), Math.floor((kill + 1) * segment)];
    const start = from + below(Math.max(1, to - from - 1));
    starts.set(start, Math.min(to, start + 2 + below(killBurstMax - 1)));
  }
  const plan: Plan = [[], [], []];
  let index = 0;
  for (const [part, end] of ends.entries()) {
    const present = part === 1 ? ["alice", "bob"] : ["alice", "bob", "carol"];
    while (index < end) {
      const killEnd = starts.get(index);
      const next = Math.max(index + 1, Math.min(killEnd ?? index + 1, end));
      const lines = Array.from({ length: next - index }, (_, offset) => {
        const user = present[below(present.length)] ?? "alice";
        return { user, text: `${index + offset} ${canary} from ${user}` };
      });
      const killAfter = killEnd === undefined ? undefined : below(lines.length);
      plan[part]?.push({ lines, killAfter });
      index = next;
    }
  }
  return plan;
}
