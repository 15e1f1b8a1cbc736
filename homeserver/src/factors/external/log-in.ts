import { Refusal, toBase64Url, utf8Encode } from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";
import { sha256 } from "../../platform/index.ts";
import type { LoginProvider, LoginSecrets, Subject } from "../../platform/index.ts";
import type { FactorContext } from "../context.ts";
import { callbackOf, checkRedirect } from "./redirect.ts";

/** Somebody was sent to the provider. */
export type PendingExternal = LoginSecrets & { readonly redirectUri: string };

export type StartedExternal = {
  readonly flowId: string;
  /** Where the user's browser goes. */
  readonly authorizationUrl: string;
  readonly expiresAt: number;
};

/**
 * Sends somebody to the provider. What ties the answer to this login (state, nonce, PKCE) is drawn
 * here and stays here. Refuses `unsupported`, `notAllowed` and `unavailable`.
 */
export async function startExternal(
  context: FactorContext,
  redirectUri: string,
): Promise<StartedExternal> {
  const { env, external, pendingExternals } = context;
  const provider = providerOf(context);
  checkRedirect(redirectUri, external?.redirectUris ?? []);
  const draw = (): string => toBase64Url(env.random(32));
  const secrets = { state: draw(), nonce: draw(), verifier: draw() };
  const authorizationUrl = await provider.authorizationUrl(redirectUri, secrets);
  const { id, expiresAt } = pendingExternals.add({ ...secrets, redirectUri });
  return { flowId: id, authorizationUrl, expiresAt };
}

/**
 * Takes the provider's answer, once, and gives a proof that holds once: as the code of a second
 * factor, to link an account, or to register. It opens nothing by itself, and does not tell whether
 * an account is linked. Refuses `loginFailed` and `unavailable`.
 */
export async function finishExternal(
  context: FactorContext,
  request: { readonly flowId: string; readonly callback: string },
): Promise<{ readonly proof: string; readonly expiresAt: number }> {
  const provider = providerOf(context);
  const pending = context.pendingExternals.take(request.flowId);
  const callback = pending && callbackOf(request.callback, pending.redirectUri);
  if (pending === undefined || callback === undefined) {
    throw new Refusal("loginFailed", "this login at the provider is over; begin again");
  }
  const subject = await provider.exchange(callback, pending);
  const { id, expiresAt } = context.proofs.add({ kind: "external", ...linkOf(subject) });
  return { proof: id, expiresAt };
}

export type ExternalLink = {
  readonly issuer: string;
  /** Of issuer and subject together: neither names nor addresses of the provider are kept. */
  readonly subjectHash: Bytes;
};

function linkOf({ issuer, subject }: Subject): ExternalLink {
  const text = JSON.stringify(["Treehouse 1.0 ExternalLogin", issuer, subject]);
  return { issuer, subjectHash: sha256(utf8Encode(text)) };
}

export function providerOf({ external }: FactorContext): LoginProvider {
  if (external !== undefined) return external.provider;
  throw new Refusal(
    "unsupported",
    "this server knows no other provider of logins; its operator can set oidc.issuer",
  );
}
