/** Whoever waits for this client to come into a room from outside. */
export type Joiner = {
  /** When it was asked for, by the own clock. */
  readonly since: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};
