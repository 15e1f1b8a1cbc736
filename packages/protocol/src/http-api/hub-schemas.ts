import { z } from "zod";
import { base64Url, count, domainField, time } from "./fields.ts";

/** The server that is asked to become the room's hub. */
export const hubOfferRequestSchema = z.strictObject({ hub: domainField });
export type HubOfferQuestion = z.output<typeof hubOfferRequestSchema>;

/** What a commit says that names this hub (FED-1121). */
export const hubOfferAnswerSchema = z.object({
  hub: domainField,
  hubKey: base64Url({ max: 32, min: 32 }),
  term: count,
  notAfter: time,
  signature: base64Url({ max: 64, min: 64 }),
});
export type HubOfferAnswer = z.output<typeof hubOfferAnswerSchema>;
