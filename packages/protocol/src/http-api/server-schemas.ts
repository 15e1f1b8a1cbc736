import { z } from "zod";
import { LIMITS } from "../limits.ts";
import { base64Url, domainField } from "./fields.ts";

export const healthAnswerSchema = z.object({
  status: z.enum(["ok", "degraded", "stopping"]),
  version: z.string().max(64),
});
export type HealthAnswer = z.output<typeof healthAnswerSchema>;

export const serverAnswerSchema = z.object({
  domain: domainField,
  /** Ed25519 keys that countersign. */
  serverKeys: z
    .array(
      z.object({
        kid: z.string().min(1).max(LIMITS.keyIdBytesMax),
        key: base64Url({ max: 32, min: 32 }),
      }),
    )
    .max(64),
  /** The limits in force, by the names of `LIMITS`. */
  limits: z.record(z.string().max(64), z.number()),
  version: z.string().max(64),
  registration: z.enum(["invite", "oidc", "open"]),
  /** The issuer of the provider at which users can prove their accounts, if there is one. */
  provider: z.string().max(2048).optional(),
});
export type ServerAnswer = z.output<typeof serverAnswerSchema>;
