import type { Bytes } from "@treehouse/protocol";

/**
 * Long-term secrets, kept beside the database and never in it, so that a copy of the database
 * alone opens no account. Files are readable by their owner only (mode 0600).
 */
export interface SecretFiles {
  /** Undefined when there is none of that name. */
  read(name: string): Promise<Bytes | undefined>;
  /** Durable when it resolves. Never overwrites: answers what is there if somebody was first. */
  create(name: string, content: Bytes): Promise<Bytes>;
}
