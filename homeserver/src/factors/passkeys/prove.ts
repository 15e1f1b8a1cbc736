import type { PublicKeyCredentialRequestOptionsJSON } from "@simplewebauthn/server";
import { toBase64Url } from "@treehouse/protocol";
import type { PasskeyAssertion } from "@treehouse/protocol";
import type { FactorContext } from "../context.ts";
import { passkeyInvalid } from "./register.ts";
import type { AskedPasskey } from "./register.ts";
import { webAuthn } from "./web-authn.ts";

/**
 * Asks for an answer of any passkey that the device has for this server. No account is named and
 * none is listed: who asks learns nothing of anybody.
 */
export async function startAssertion(
  context: FactorContext,
): Promise<AskedPasskey<PublicKeyCredentialRequestOptionsJSON>> {
  const { env, pendingPasskeys, relyingParty } = context;
  const challenge = toBase64Url(env.random(32));
  const { generateAuthenticationOptions } = await webAuthn();
  const options = await generateAuthenticationOptions({
    rpID: relyingParty.id,
    challenge: new Uint8Array(Buffer.from(challenge, "base64url")),
    userVerification: "required",
  });
  const { id, expiresAt } = pendingPasskeys.add({ kind: "assertion", challenge });
  return { flowId: id, options, expiresAt };
}

/**
 * Takes the answer, once, and gives a proof that holds once, as a code of the second factor of the
 * passkey's own account. A counter that does not rise says that there are two of a passkey that
 * cannot be copied (WebAuthn §6.1.1), and is refused. A passkey that is not known is answered like
 * a wrong one.
 *
 * Refuses `factorInvalid`.
 */
export async function finishAssertion(
  context: FactorContext,
  request: { readonly flowId: string; readonly response: PasskeyAssertion },
): Promise<{ readonly proof: string; readonly expiresAt: number }> {
  const { database, env, pendingPasskeys, proofs, relyingParty, store } = context;
  const pending = pendingPasskeys.take(request.flowId);
  if (pending?.kind !== "assertion") throw passkeyInvalid();
  const { response } = request;
  const known = await database.read((tx) => store.passkey(tx, response.id));
  if (known === undefined) throw passkeyInvalid();
  const { id, counter, publicKey } = known;
  const { verifyAuthenticationResponse } = await webAuthn();
  const { verified, authenticationInfo } = await verifyAuthenticationResponse({
    response,
    expectedChallenge: pending.challenge,
    expectedOrigin: [...relyingParty.origins],
    expectedRPID: relyingParty.id,
    credential: { id, counter, publicKey },
    requireUserVerification: true,
  }).catch((cause: unknown) => {
    throw passkeyInvalid(cause);
  });
  if (!verified) throw passkeyInvalid();
  const used = { from: counter, to: authenticationInfo.newCounter, at: env.now() };
  // Two answers of one counter at the same time: one of them counts.
  if (!(await database.transaction((tx) => store.usePasskey(tx, id, used)))) throw passkeyInvalid();
  const proved = proofs.add({ kind: "passkey", name: known.name, passkey: id });
  return { proof: proved.id, expiresAt: proved.expiresAt };
}
