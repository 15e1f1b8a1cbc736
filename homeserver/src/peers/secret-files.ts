import type { Bytes } from "@treehouse/protocol";

/**
 * Long-term secrets, kept beside the database and never in it. Files are readable by their owner
 * only (mode 0600).
 */
export interface SecretFiles {
  /** Undefined when there is none of that name. */
  read(name: string): Promise<Bytes | undefined>;
  /** Durable when it resolves. Never overwrites: answers what is there if somebody was first. */
  create(name: string, content: Bytes): Promise<Bytes>;
  /** The names of all files. */
  names(): Promise<readonly string[]>;
  /** Gone for good when it resolves. */
  remove(name: string): Promise<void>;
}
