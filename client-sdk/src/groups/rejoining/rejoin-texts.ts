/** What a user is told when this client cannot come back by itself. */
export const forgottenText =
  "The server was set back to a backup and knows nothing of this client here. What was said stays in " +
  "this store; who is still in the conversation can add you again.";
export const staleText =
  "What the server offers to come back with is older than what this client has seen, and its hub has " +
  "not declared that it was set back. Nothing more is read until it does.";
export const offerText =
  "What the server offers to come back with cannot be used; it is asked again from time to time";
