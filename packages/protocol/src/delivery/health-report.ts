import type { Bytes } from "../bytes/index.ts";
import { enumeration, struct, u32, u64, vector, versioned } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { roomUriCodec } from "../identifiers/index.ts";
import type { RoomUri } from "../identifiers/index.ts";
import { LABELS, signedBytes } from "../labels/index.ts";
import { LIMITS } from "../limits.ts";
import type { Sign, Verify } from "./keys.ts";
import { hashCodec, signatureCodec } from "./mls-objects.ts";

/**
 * What a leaf says of the commit that was accepted last: a hub can check neither its confirmation tag
 * nor its path secrets (FED-1100).
 */
export type HealthReport = {
  readonly verdict: "applied" | "fault";
  readonly room: RoomUri;
  readonly generation: number;
  /** Of the commit's entry, with its chain hash. */
  readonly position: number;
  readonly hash: Bytes;
  /** The epoch that the commit ends. */
  readonly epoch: number;
  /** Who says it; the leaf stands in the tree before the commit and after it. */
  readonly leaf: number;
};

export type SignedHealthReport = { readonly report: HealthReport; readonly signature: Bytes };

/** Version of the report's form; its first octet. */
const HEALTH_REPORT_VERSION = 1;

export const healthReportCodec: Codec<HealthReport> = versioned(
  HEALTH_REPORT_VERSION,
  struct<HealthReport>({
    verdict: enumeration({ applied: 1, fault: 2 }),
    room: roomUriCodec,
    generation: u32,
    position: u64,
    hash: hashCodec,
    epoch: u64,
    leaf: u32,
  }),
);

export const signedHealthReportCodec: Codec<SignedHealthReport> = struct<SignedHealthReport>({
  report: healthReportCodec,
  signature: signatureCodec,
});

/** The faults that void a commit. */
export const voidReportsCodec: Codec<readonly SignedHealthReport[]> = vector(
  signedHealthReportCodec,
  { countMin: LIMITS.voidFaultsMin, countMax: LIMITS.voidFaultsMax },
);

/** Signs with the signature key of the report's leaf. */
export function signHealthReport(report: HealthReport, sign: Sign): SignedHealthReport {
  const message = signedBytes(LABELS.healthReport, healthReportCodec.encode(report));
  return { report, signature: sign(message) };
}

/** Whether this key, that of the leaf which it names, has signed the report. */
export function verifyHealthReport(
  { report, signature }: SignedHealthReport,
  key: Bytes,
  verify: Verify,
): boolean {
  const message = signedBytes(LABELS.healthReport, healthReportCodec.encode(report));
  return verify(key, message, signature);
}
