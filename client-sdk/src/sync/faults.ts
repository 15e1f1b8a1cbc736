/** The own server was set back, and has not said so. */
export const serverBehind = {
  room: undefined,
  position: 0,
  code: "serverBehind",
  text:
    "The server has less than it once gave to this client: its data were set back. If it does not say " +
    "so itself soon, its operator should know.",
} as const;
/** This client stops: another copy of its store goes on. */
export const storeCopied = {
  room: undefined,
  position: 0,
  code: "storeCopied",
  text:
    "This store is a copy of one that another program uses or has used since. It does nothing more, so " +
    "that the conversations stay whole. Close the other one and start this one again; or, where the " +
    "other one is to go on, log in anew with an empty store, which makes a client of its own. If you " +
    "have made no copy, revoke this client from another one of yours.",
} as const;
