/** What programs tell apart; `refused` is everything else. */
export type BackupRefusalCode =
  | "refused"
  | "notFound"
  | "unreadable"
  | "keyWrong"
  | "damaged"
  | "exists"
  | "inUse"
  | "wrongDomain";

/** A backup or a restore that cannot be. The message says what the operator can do. */
export class BackupRefused extends Error {
  override readonly name = "BackupRefused";
  readonly code: BackupRefusalCode;

  constructor(message: string, options: ErrorOptions & { readonly code?: BackupRefusalCode } = {}) {
    super(message, options);
    this.code = options.code ?? "refused";
  }
}
