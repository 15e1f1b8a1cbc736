import { NetworkFault, Refusal, utf8Encode } from "@treehouse/protocol";
import type { Env } from "@treehouse/protocol";
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  AuthorizationResponseError,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientError,
  customFetch,
  discovery,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from "openid-client";
import type { Configuration, CustomFetch } from "openid-client";

/** What the operator says of the provider. */
export type LoginProviderOptions = {
  readonly issuer: string;
  readonly clientId: string;
  /** Empty for a public client. */
  readonly clientSecret: string;
};

/** What one login at the provider is tied together with; none of it leaves this server but the state. */
export type LoginSecrets = {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
};

/** Somebody's account at the provider. Never an e-mail address: those change hands. */
export type Subject = { readonly issuer: string; readonly subject: string };

/**
 * An OpenID Connect provider (Core 1.0), asked by authorization code with PKCE (RFC 7636). It is the
 * operator's choice and no user's, so its addresses are asked for like those of the settings.
 */
export interface LoginProvider {
  readonly issuer: string;
  authorizationUrl(redirectUri: string, secrets: LoginSecrets): Promise<string>;
  /**
   * Whom the provider has authenticated. Checks state, nonce, `iss` (RFC 9207), signature, audience
   * and times. Refuses `loginFailed` and `unavailable`.
   */
  exchange(callback: URL, secrets: LoginSecrets): Promise<Subject>;
}

const timeoutMs = 10_000;
const responseBytesMax = 256 * 1024;
const keptMs = 3_600_000;
const retryAfterMs = 10_000;

export function createLoginProvider(
  env: Pick<Env, "fetch" | "monotonic" | "log">,
  { issuer, clientId, clientSecret }: LoginProviderOptions,
): LoginProvider {
  let found: { readonly configuration: Configuration; readonly at: number } | undefined;

  async function configured(): Promise<Configuration> {
    const now = env.monotonic();
    if (found !== undefined && now - found.at < keptMs) return found.configuration;
    const insecure = issuer.startsWith("http:") ? [allowInsecureRequests] : [];
    const secret = clientSecret === "" ? undefined : clientSecret;
    const configuration = await discovery(new URL(issuer), clientId, secret, undefined, {
      [customFetch]: fetchBy(env),
      execute: insecure,
    });
    found = { configuration, at: now };
    return configuration;
  }

  return {
    issuer,
    authorizationUrl: (redirectUri, { state, nonce, verifier }) =>
      asking(env, async () => {
        const url = buildAuthorizationUrl(await configured(), {
          redirect_uri: redirectUri,
          scope: "openid",
          state,
          nonce,
          code_challenge: await calculatePKCECodeChallenge(verifier),
          code_challenge_method: "S256",
        });
        return url.href;
      }),
    exchange: (callback, { state, nonce, verifier }) =>
      asking(env, async () => {
        const tokens = await authorizationCodeGrant(await configured(), callback, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (claims === undefined) throw loginFailed();
        return { issuer: claims.iss, subject: claims.sub };
      }),
  };
}

/** What the library or the network throws, as a refusal; the operator finds the reason in the log. */
async function asking<T>(env: Pick<Env, "log">, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const reason = reasonOf(error);
    env.log.warn("providerRefused", { reason });
    if (isAbout(error)) throw loginFailed(error);
    throw new Refusal(
      "unavailable",
      "the provider of logins cannot be asked now; try again later",
      { retryAfterMs },
      { cause: error },
    );
  }
}

/** Whether the provider, or the callback, said something wrong, and not nothing at all. */
function isAbout(error: unknown): boolean {
  if (error instanceof AuthorizationResponseError || error instanceof ResponseBodyError)
    return true;
  if (error instanceof WWWAuthenticateChallengeError) return true;
  return error instanceof ClientError && !isOfNetwork(error);
}

function isOfNetwork(error: Error): boolean {
  if (error instanceof NetworkFault) return true;
  return error.cause instanceof Error && isOfNetwork(error.cause);
}

/** A code of the library; its texts may hold what the provider wrote. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string")
    return error.code;
  return error instanceof Error ? error.name : "unknown";
}

function loginFailed(cause?: unknown): Refusal {
  return new Refusal(
    "loginFailed",
    "the provider's answer does not belong to this login, or says no",
    {},
    { cause },
  );
}

/** The library's requests go by the one door to the network, bounded; redirects are not followed. */
function fetchBy(env: Pick<Env, "fetch">): CustomFetch {
  return async (url, { body, headers, method }) => {
    const response = await env.fetch({
      method: method === "POST" ? "POST" : "GET",
      url,
      headers,
      ...(body instanceof URLSearchParams ? { body: utf8Encode(body.toString()) } : {}),
      timeoutMs,
      responseBytesMax,
    });
    const empty = response.status === 204 || response.status === 304;
    return new Response(empty ? null : response.body, {
      status: response.status,
      headers: response.headers,
    });
  };
}
