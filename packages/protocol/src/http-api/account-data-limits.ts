/** The bounds of account data, which is between a user's clients and the own server alone. */
export const ACCOUNT_DATA_LIMITS = {
  /** One record, sealed. */
  accountDataBytesMax: 33 * 1024,
  /** Records of one user. */
  accountDataRecordsMax: 256,
} as const;
