import { z } from "zod";
import { fromBase64Url } from "../bytes/index.ts";
import { base64Url, domainField } from "../http-api/index.ts";
import { LIMITS } from "../limits.ts";
import { ENDPOINTS } from "./endpoints.ts";
import type { EndpointName } from "./endpoints.ts";
import { isKeyId } from "./http-signature.ts";
import { isTemplate } from "./url-template.ts";

/** What this version of ours can do beyond the profile; a peer that lacks one is spared it. */
export const PEER_CAPABILITIES = [
  "batches",
  "submissions",
  "events",
  "standing",
  "consent",
  "ephemeral",
  "assets",
  "moves",
] as const;

const name = z.string().min(1).max(LIMITS.nameBytesMax);
const time = z.int().nonnegative();
const kid = z.string().max(LIMITS.keyIdBytesMax).refine(isKeyId);
/** Octets of that length, in their one spelling. */
const octets = (length: number) =>
  base64Url({ min: length, max: length })
    .refine(isCanonical, { abort: true })
    .transform(fromBase64Url);

const keySchema = z.object({
  kid,
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  x: octets(32),
  notBefore: time,
  exp: time.optional(),
  /** The key that signed `certificate`; both are absent of a server's first key. */
  certifiedBy: kid.optional(),
  certificate: octets(64).optional(),
});

/** A key of a kind that a later version may bring. */
const otherKeySchema = z
  .looseObject({ kty: z.string().max(32), crv: z.string().max(32).optional() })
  .refine(({ kty, crv }) => kty !== "OKP" || crv !== "Ed25519");

const keysSchema = z
  .array(z.union([keySchema, otherKeySchema.transform(() => undefined)]))
  .max(LIMITS.directoryKeysMax)
  .transform((keys) => keys.filter((key) => key !== undefined))
  .refine((keys) => areDistinct(keys.map((key) => key.kid)));

const countersignersSchema = z
  .array(z.object({ kid: z.string().min(1).max(LIMITS.keyIdBytesMax), x: octets(32) }))
  .max(LIMITS.countersignersMax)
  .refine((keys) => areDistinct(keys.map((key) => key.kid)));

const template = (endpoint: EndpointName) =>
  z.string().refine((text) => isTemplate(endpoint, text));

const endpointsSchema = z.object({
  keyMaterial: template("keyMaterial"),
  update: template("update"),
  notify: template("notify"),
  submitMessage: template("submitMessage"),
  groupInfo: template("groupInfo"),
  tree: template("tree"),
  leave: template("leave"),
  /** Only of a server with the capability of that name. */
  ephemeral: template("ephemeral").optional(),
  /** Both only of a server with the capability "assets". */
  asset: template("asset").optional(),
  assetsForgotten: template("assetsForgotten").optional(),
  /** Both only of a server with the capability "moves". */
  hubOffer: template("hubOffer").optional(),
  takeOver: template("takeOver").optional(),
  events: template("events"),
  standing: template("standing"),
  identifierQuery: template("identifierQuery"),
} satisfies Record<keyof typeof ENDPOINTS, unknown>);

/**
 * What a server tells of itself (FED-902). Members, versions, capabilities and kinds of key that we
 * do not know are passed over; what we know must have its form.
 */
export const directorySchema = z.object({
  profile: name,
  versions: z.array(name).min(1).max(LIMITS.directoryVersionsMax),
  domain: domainField,
  capabilities: z.array(name).max(LIMITS.directoryCapabilitiesMax),
  keys: keysSchema,
  countersigners: countersignersSchema,
  endpoints: endpointsSchema,
  limits: z.object({
    /** Octets of a request other than a batch. */
    maxBody: z.int().positive(),
    /** Octets of a batch. */
    maxNotifyBody: z.int().positive(),
    /** Octets of what a hub hands over (FED-1123); `maxBody` if it does not say. */
    maxTakeOverBody: z.int().positive().optional(),
    eventRetentionSeconds: z.int().nonnegative(),
  }),
});

/** As it stands in JSON. */
export type DirectoryDocument = z.input<typeof directorySchema>;
/** As it is read: keys are octets. */
export type Directory = z.output<typeof directorySchema>;

function isCanonical(text: string): boolean {
  try {
    fromBase64Url(text);
    return true;
  } catch {
    return false;
  }
}

function areDistinct(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}
