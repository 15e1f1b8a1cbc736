import { formatAddress, type Poll, type UserUri } from "@treehouse/protocol";

/** A poll as it stands: the same for everybody who has the same messages. */
export type PollState = Poll & {
  /** For each option in turn. */
  readonly votes: readonly {
    readonly count: number;
    /** Addresses; empty where the poll is anonymous. */
    readonly by: readonly string[];
  }[];
  /** How many people have voted. */
  readonly voters: number;
  /** Nobody can vote any more: it was ended, or its time was over when this was read. */
  readonly ended: boolean;
};

export type Vote = { readonly by: UserUri; readonly choices: readonly number[] };

/** `votes` in the order of the conversation: the last of each user counts. */
export function pollState(poll: Poll, votes: readonly Vote[], ended: boolean): PollState {
  const last = new Map(votes.map(({ by, choices }) => [by, choices]));
  const of = (option: number) =>
    [...last].filter(([, choices]) => choices.includes(option)).map(([by]) => formatAddress(by));
  const counted = poll.options.map((_option, index) => {
    const by = of(index);
    return { count: by.length, by: poll.anonymous ? [] : by };
  });
  const voters = [...last.values()].filter((choices) => choices.length > 0).length;
  return { ...poll, votes: counted, voters, ended };
}
