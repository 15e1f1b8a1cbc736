import { z } from "zod";
import { Refusal } from "../refusals/index.ts";
import { ACCOUNT_DATA_LIMITS } from "./account-data-limits.ts";
import { base64Url, count, time } from "./fields.ts";

const slotPattern = /^[A-Za-z0-9_-]{43}$/;
const slot = z.string().regex(slotPattern);
const sealed = base64Url({ max: ACCOUNT_DATA_LIMITS.accountDataBytesMax, min: 1 });

/** Where a record lies: 32 octets in base64url, which the clients derive from its name. */
export function parseDataSlot(text: string): string {
  if (slotPattern.test(text)) return text;
  throw new Refusal("malformed", "a slot of account data is 43 characters of base64url");
}

export const accountDataListSchema = z.object({
  records: z
    .array(z.object({ slot, version: count, changedAt: time }))
    .max(ACCOUNT_DATA_LIMITS.accountDataRecordsMax),
});
export type AccountDataList = z.output<typeof accountDataListSchema>;

export const accountDataRecordSchema = z.object({ slot, version: count, changedAt: time, sealed });

export const accountDataWriteSchema = z.strictObject({
  /** The version that it takes the place of; 0 when there is none. */
  expectedVersion: count,
  sealed,
});

export const accountDataVersionSchema = z.object({ version: count });

/** The data of the account event `accountDataChanged`, as JSON. */
export const accountDataEventSchema = z.object({ slot, version: count });
