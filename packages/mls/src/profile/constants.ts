import { LEAF_IDENTITY_EXTENSION, RULES_KNOWN_EXTENSION } from "@treehouse/protocol";
import type { Capabilities } from "ts-mls/capabilities.js";

/** Suite 1. Only Ed25519 suites are ever allowed: other signatures are malleable (T-19). */
export const SUITE = "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519";

/** `app_data_dictionary` of mls-extensions: the room's state in the GroupContext. */
export const DICTIONARY_EXTENSION = 0x0006;

/** Who may propose from outside (RFC 9420 §12.1.8.1). */
export const EXTERNAL_SENDERS = "external_senders";

/** `last_resort` of mls-extensions: marks a KeyPackage that may be handed out more than once. */
export const LAST_RESORT_EXTENSION = 0x000a;

/** Listed explicitly and without GREASE: a leaf promises nothing that this client does not do. */
export function leafCapabilities(): Capabilities {
  return {
    versions: ["mls10"],
    ciphersuites: [SUITE],
    extensions: [DICTIONARY_EXTENSION, LEAF_IDENTITY_EXTENSION, RULES_KNOWN_EXTENSION],
    proposals: [],
    credentials: ["basic"],
  };
}
