/** A backup or a restore that cannot be. The message says what the operator can do. */
export class BackupRefused extends Error {
  override readonly name = "BackupRefused";
}
