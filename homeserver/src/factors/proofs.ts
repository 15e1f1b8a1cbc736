import type { ExternalLink } from "./external/log-in.ts";

/**
 * What somebody has shown elsewhere than in a login: it holds once, in the place of a code, for the
 * account that it belongs to.
 */
export type FactorProof =
  | ({ readonly kind: "external" } & ExternalLink)
  | { readonly kind: "passkey"; readonly name: string; readonly passkey: string };

/** A proof's id as it is handed over: no code of an app and no recovery code looks like it. */
export function looksLikeProof(code: string): boolean {
  return /^[\w-]{22}$/.test(code);
}
