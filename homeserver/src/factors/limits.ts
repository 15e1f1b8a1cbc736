const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The bounds of second factors. */
export const FACTOR_LIMITS = {
  /** Wrong codes in a row before the next has to wait. */
  triesMax: 5,
  /** The first such wait; it doubles with each wrong code after it. */
  waitFirstMs: 15 * MINUTE,
  /** The longest: whoever knows the password alone must not shut its owner out for good. */
  waitMostMs: 4 * HOUR,
  /** From a mailed code to its use. */
  emailCodeMs: 15 * MINUTE,
  /** From the secret of a new app to its first code. */
  setUpMs: HOUR,
  /** Passkeys of one account. */
  passkeysMax: 16,
  /** Recovery codes that an account gets at once. */
  recoveryCodes: 10,
} as const;
