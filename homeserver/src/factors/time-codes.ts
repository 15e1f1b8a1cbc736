import { Secret, TOTP } from "otpauth";
import type { Bytes } from "@treehouse/protocol";

/** RFC 6238 as every authenticator app has it: SHA-1, six digits, steps of thirty seconds. */
const parameters = { algorithm: "SHA1", digits: 6, period: 30 } as const;
const stepMs = parameters.period * 1000;

/** RFC 4226 §4 recommends 160 bits, as long as what HMAC-SHA-1 gives. */
export const secretBytes = 20;

/** What the app is given: the secret as people type it, and as a link or QR code. */
export function describeSecret(
  secret: Bytes,
  account: string,
  issuer: string,
): { readonly secret: string; readonly uri: string } {
  const app = totpOf(secret, account, issuer);
  return { secret: app.secret.base32, uri: app.toString() };
}

/** The step that a code belongs to, one before and one after the present included (RFC 6238 §5.2). */
export function stepOf(secret: Bytes, code: string, now: number): number | undefined {
  const delta = totpOf(secret).validate({ token: code, timestamp: now, window: 1 });
  return delta === null ? undefined : Math.floor(now / stepMs) + delta;
}

function totpOf(secret: Bytes, label?: string, issuer?: string): TOTP {
  return new TOTP({
    ...parameters,
    secret: new Secret({ buffer: secret.slice().buffer }),
    ...(label === undefined ? {} : { label }),
    ...(issuer === undefined ? {} : { issuer }),
  });
}
