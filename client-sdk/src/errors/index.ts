import {
  isRefusalCode,
  NetworkFault,
  Refusal,
  type RefusalCode,
  refusalTable,
} from "@treehouse/protocol";

import { QueryFault } from "../search/index.ts";
import { StoreFault } from "../storage/index.ts";
import { WrongServer } from "../transport/index.ts";

/** What the SDK throws beyond the refusals of the server. */
const ownCodes = [
  "network",
  "wrongServer",
  "loginRequired",
  "storeKeyWrong",
  "storeKeyMissing",
  "storeUnwritable",
  "storeDamaged",
  "storeInUse",
  "storeTooNew",
  "storeFull",
  "accountMismatch",
  "noClientInStore",
  "passwordRequired",
  "approvalFailed",
  "interrupted",
  "queryInvalid",
  "assetDamaged",
  "assetGone",
  "assetTooLarge",
  "sourceChanged",
  "aborted",
  "closed",
  "offline",
] as const;
type OwnCode = (typeof ownCodes)[number];

function isSdkCode(code: string): code is RefusalCode | OwnCode {
  return isRefusalCode(code) || ownCodes.some((own) => own === code);
}

/**
 * The one error of the SDK's face. `code` is stable; `retryable` says whether the same call may
 * succeed later without a change; `help` says what to do, in words. It survives a structured clone
 * of its own properties.
 */
export class SdkError extends Error {
  override readonly name = "SdkError";
  readonly code: RefusalCode | OwnCode;
  readonly retryable: boolean;
  readonly help: string;
  readonly data: Readonly<Record<string, unknown>>;

  /** Of what came from another thread, where it was one. */
  static of(message: string, fields: ErrorFields): SdkError {
    const { code, ...options } = fields;
    return new SdkError(isSdkCode(code) ? code : "internal", message, options);
  }

  constructor(code: SdkError["code"], message: string, options?: SdkErrorOptions) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options?.retryable ?? false;
    this.help = options?.help ?? "";
    this.data = options?.data ?? {};
  }
}

/** What an `SdkError` is, but for its message. */
export type ErrorFields = {
  readonly code: string;
  readonly retryable: boolean;
  readonly help: string;
  readonly data: Readonly<Record<string, unknown>>;
};

type SdkErrorOptions = {
  readonly retryable?: boolean;
  readonly help?: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
};

const retryableCodes: readonly RefusalCode[] = [
  "rateLimited",
  "unavailable",
  "storageFull",
  "peerUnreachable",
  "peerLimited",
];

/** Turns what a lower layer threw into what the face promises. Bugs pass unchanged. */
export function toSdkError(error: unknown): unknown {
  if (error instanceof WrongServer) {
    const { domain, message } = error;
    return new SdkError("wrongServer", message, {
      help: "Set the address of the account's own server.",
      data: { domain },
      cause: error,
    });
  }
  if (error instanceof Refusal) {
    const code: RefusalCode = error.code;
    const { advice } = refusalTable[code];
    return new SdkError(error.code, error.message, {
      retryable: retryableCodes.includes(error.code),
      help: advice,
      data: error.data,
      cause: error,
    });
  }
  if (error instanceof NetworkFault) {
    return new SdkError("network", error.message, {
      retryable: true,
      help: "Check that the server runs and that its address is right; try again.",
      cause: error,
    });
  }
  if (error instanceof QueryFault) {
    const { code: reason, position } = error;
    return new SdkError("queryInvalid", error.message, {
      help: "docs/sdk/search.md tells how a query is written; text in quotes is taken as it stands.",
      data: { reason, position },
      cause: error,
    });
  }
  if (error instanceof StoreFault) {
    const help = storeHelp[error.code];
    const retryable = error.code === "storeFull";
    const data = error.code === "closed" ? { stored: false } : {};
    return new SdkError(error.code, error.message, { cause: error, help, retryable, data });
  }
  return error;
}

/** For what was asked of a client that is closed, or came too late to be stored. */
export const notStoredHelp = "Open the client again, and ask once more: this was not stored.";

/** The same for what answers at once. */
export function throwingSdkErrors<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw toSdkError(error);
  }
}

const storeHelp: Record<StoreFault["code"], string> = {
  storeKeyWrong: "Open the store with the key that it was created with.",
  storeKeyMissing:
    "Put the key file back where it was; nothing else opens the store, or begin with an empty one.",
  storeUnwritable: "Look at the permissions of its folder, or keep the store in another one.",
  storeDamaged: "Restore the store's file from a copy, or start with an empty store.",
  storeInUse: "Stop the other process that uses this store, or use a store of your own.",
  storeFull: "Make room on the disk of the store; nothing was half-written. Then try again.",
  closed: notStoredHelp,
  storeTooNew: "Update Treehouse; an older release cannot read this store.",
};
