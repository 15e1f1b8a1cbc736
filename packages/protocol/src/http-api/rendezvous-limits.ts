/** The bounds of the mailboxes in which a new client and one that approves it meet. */
export const RENDEZVOUS_LIMITS = {
  /** From the opening of a mailbox to its end. */
  rendezvousLifetimeMs: 10 * 60_000,
  /** Mailboxes of one server; they are in memory only. */
  rendezvousMax: 500,
  /** The share of one IPv4 address or IPv6 /64; a /56 has twice as many, and a /48 four times. */
  rendezvousPerNetworkMax: 40,
  /** Octets in one mailbox together. */
  rendezvousBytesMax: 48 * 1024,
  /** Messages in one mailbox, of both sides together. */
  rendezvousMessagesMax: 8,
  /** One message: the largest brings a client list. */
  rendezvousMessageBytesMax: 32 * 1024,
  /** How long a question waits for the other side before it is answered without a message. */
  rendezvousWaitMs: 10_000,
} as const;
