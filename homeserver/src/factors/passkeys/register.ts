import type { PublicKeyCredentialCreationOptionsJSON } from "@simplewebauthn/server";
import { formatAddress, nameOf, Refusal, toBase64Url, utf8Encode } from "@treehouse/protocol";
import type { PasskeyRegistration, UserUri } from "@treehouse/protocol";
import { sha256 } from "../../platform/index.ts";
import type { FactorContext } from "../context.ts";
import { FACTOR_LIMITS } from "../limits.ts";
import { writeRecoveryCodes } from "../set-up-totp.ts";
import type { StoredPasskey } from "../store.ts";
import { webAuthn } from "./web-authn.ts";

/** What a browser is asked to sign, for whom and what. */
export type PendingPasskey =
  | { readonly kind: "registration"; readonly name: string; readonly challenge: string }
  | { readonly kind: "assertion"; readonly challenge: string };

export type AskedPasskey<Options> = {
  readonly flowId: string;
  /** As JSON for `navigator.credentials` (WebAuthn Level 3, `parse…OptionsFromJSON`). */
  readonly options: Options;
  readonly expiresAt: number;
};

/** EdDSA and ES256; and no other, so that there is little to go wrong (COSE algorithm numbers). */
export const passkeyAlgorithms = [-8, -7];

/**
 * Asks for a passkey of the user: one that the device itself finds again, behind its PIN or
 * fingerprint, and without an attestation, which would tell the maker of the device.
 *
 * Refuses `limitExceeded`.
 */
export async function startPasskey(
  context: FactorContext,
  user: UserUri,
): Promise<AskedPasskey<PublicKeyCredentialCreationOptionsJSON>> {
  const { database, domain, env, pendingPasskeys, relyingParty, store } = context;
  const name = nameOf(user);
  const known = await database.read((tx) => store.passkeysOf(tx, name));
  checkRoom(known);
  const challenge = toBase64Url(env.random(32));
  const { generateRegistrationOptions } = await webAuthn();
  const options = await generateRegistrationOptions({
    rpName: domain,
    rpID: relyingParty.id,
    userName: formatAddress(user),
    userID: sha256(utf8Encode(`Treehouse 1.0 PasskeyUser ${user}`)),
    challenge: new Uint8Array(Buffer.from(challenge, "base64url")),
    attestationType: "none",
    excludeCredentials: known.map(({ id }) => ({ id })),
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
    supportedAlgorithmIDs: passkeyAlgorithms,
  });
  const { id, expiresAt } = pendingPasskeys.add({ kind: "registration", name, challenge });
  return { flowId: id, options, expiresAt };
}

/**
 * Keeps the passkey that the browser made. Logins take it from then on, or another second factor.
 * Answers recovery codes if the account had none.
 *
 * Refuses `factorInvalid`, `conflict` and `limitExceeded`.
 */
export async function finishPasskey(
  context: FactorContext,
  user: UserUri,
  request: {
    readonly flowId: string;
    readonly label: string;
    readonly response: PasskeyRegistration;
  },
): Promise<readonly string[]> {
  const { database, env, pendingPasskeys, relyingParty, store } = context;
  const name = nameOf(user);
  const pending = pendingPasskeys.take(request.flowId);
  if (pending?.kind !== "registration" || pending.name !== name) throw passkeyInvalid();
  const { verifyRegistrationResponse } = await webAuthn();
  const verified = await verifyRegistrationResponse({
    response: request.response,
    expectedChallenge: pending.challenge,
    expectedOrigin: [...relyingParty.origins],
    expectedRPID: relyingParty.id,
    requireUserVerification: true,
    supportedAlgorithmIDs: passkeyAlgorithms,
  }).catch((cause: unknown) => {
    throw passkeyInvalid(cause);
  });
  if (!verified.verified) throw passkeyInvalid();
  const { id, publicKey, counter } = verified.registrationInfo.credential;
  const now = env.now();
  return database.transaction(async (tx) => {
    checkRoom(await store.passkeysOf(tx, name));
    const { label } = request;
    const passkey = { id, name, publicKey, counter, label, createdAt: now, usedAt: undefined };
    if (!(await store.addPasskey(tx, passkey))) {
      throw new Refusal("conflict", "this passkey is known already");
    }
    const has = (await store.countRecoveryCodes(tx, name)) > 0;
    return has ? [] : writeRecoveryCodes(context, tx, name);
  });
}

function checkRoom(known: readonly StoredPasskey[]): void {
  if (known.length < FACTOR_LIMITS.passkeysMax) return;
  throw new Refusal("limitExceeded", "there are as many passkeys as one account may have", {
    limitName: "passkeysMax",
    limit: FACTOR_LIMITS.passkeysMax,
  });
}

/** What exactly was wrong is nobody's business: it may be somebody else's browser. */
export function passkeyInvalid(cause?: unknown): Refusal {
  const text = "the passkey's answer is not for this server and this question, or is not whole";
  return new Refusal("factorInvalid", text, {}, { cause });
}
