/** The names of account events in an inbox. A client passes over those it does not know. */
export const ACCOUNT_EVENTS = {
  /** Somebody asks; data: a `Contact` as JSON, as with the other two. */
  contactRequested: "contactRequested",
  /** Somebody who was asked has agreed. */
  contactAccepted: "contactAccepted",
  /** Where one stands with somebody is different now, by whoever's act. */
  contactChanged: "contactChanged",
  /** A record of the account data was written; data: slot and version as JSON. */
  accountDataChanged: "accountDataChanged",
  /** The user's client list has a newer version: a client was added or revoked. No data. */
  clientsChanged: "clientsChanged",
  /** The account of a contact was reset by e-mail, and has a new identity key; data: user and key. */
  contactReset: "contactReset",
  /** Somebody resets this very account by e-mail, and any of its clients can stop it; data: until when. */
  resetWaiting: "resetWaiting",
  /** The inbox was full and later events were left out: ask for everything. No data. */
  eventsDropped: "eventsDropped",
} as const;
