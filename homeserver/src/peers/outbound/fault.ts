import { NetworkFault } from "@treehouse/protocol";
import type { NetworkFaultReason } from "@treehouse/protocol";

/** How far an attempt to reach another server came. */
export type ContactStage = "resolve" | "address" | "connect" | "tls" | "answer" | "directory";

/** Another server was not reached, or what answered was none. The message is for the operator. */
export class ContactFault extends NetworkFault {
  readonly stage: ContactStage;

  constructor(
    stage: ContactStage,
    reason: NetworkFaultReason,
    message: string,
    options?: ErrorOptions,
  ) {
    super(reason, message, options);
    this.name = "ContactFault";
    this.stage = stage;
  }
}

/** Of an error of Node or undici; what is one already stays as it is. */
export function contactFault(stage: ContactStage, error: unknown): ContactFault {
  if (error instanceof ContactFault) return error;
  const code = codeOf(error);
  const options = { cause: error };
  if (code === "ETIMEDOUT" || code === "UND_ERR_CONNECT_TIMEOUT") {
    return new ContactFault(stage, "timeout", "there was no answer in time", options);
  }
  if (code === "ECONNREFUSED") {
    return new ContactFault(stage, "refused", "nothing accepts connections there", options);
  }
  if (code !== undefined && /^(EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL)$/.test(code)) {
    return new ContactFault(stage, "broken", "there is no way to that address", options);
  }
  if (stage === "tls") {
    const why = error instanceof Error ? error.message : String(error);
    return new ContactFault(stage, "broken", `its certificate is not accepted: ${why}`, options);
  }
  return new ContactFault(stage, "broken", "the connection broke", options);
}

function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
