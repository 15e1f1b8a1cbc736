import type { HandshakeRule } from "./handshake-rules.ts";
import type { RefusalCode } from "./refusal-table.ts";

/** What a refusal tells beside its code; every field is JSON. */
export type RefusalData = {
  readonly currentEpoch?: number;
  /** A bound of `LIMITS` or `RATE_LIMITS`, and the value in force. */
  readonly limitName?: string;
  readonly limit?: number;
  readonly retryAfterMs?: number;
  /** Oldest position that can still be read. */
  readonly oldest?: number;
  /** Clock of the server that refuses a time: milliseconds since the Unix epoch. */
  readonly serverTime?: number;
  /** What the nonce of a request begins with that comes after the server's start (FED-1116); base64url. */
  readonly nonceStart?: string;
  /** What the client has to sign, and send with the same request. */
  readonly challenge?: string;
  /** The domain of the hub that a room has now. */
  readonly hub?: string;
  /** Leaves whose removal is pending. */
  readonly leaves?: readonly number[];
  /** The rule that a handshake, KeyPackage, GroupInfo, Welcome or tree breaks (FED-995). */
  readonly rule?: HandshakeRule;
};

/**
 * The asker's fault: nothing was changed. The message is for people and carries no secret and no
 * address; programs read `code` and `data`.
 */
export class Refusal<C extends RefusalCode = RefusalCode> extends Error {
  readonly code: C;
  readonly data: RefusalData;

  constructor(code: C, message: string, data: RefusalData = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = "Refusal";
    this.code = code;
    this.data = data;
  }
}
