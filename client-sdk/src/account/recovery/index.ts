/** The recovery key: 256 bits that open the user's keys when the password is forgotten. */
export { openServerCopy, recoveryStatus, type RecoveryStatus } from "./check-recovery.ts";
export { createRecovery } from "./create-recovery-key.ts";
export { readRecoveryNote } from "./note.ts";
export { formatRecoveryKey, parseRecoveryKey } from "./recovery-key.ts";
export { resetPassword } from "./reset-password.ts";
