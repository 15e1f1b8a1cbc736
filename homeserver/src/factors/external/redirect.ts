import { Refusal } from "@treehouse/protocol";

/**
 * Where the provider may send the browser back to: to a program on the same machine, by the address
 * of loopback and any port (RFC 8252 §7.3), or to exactly one of the operator's own addresses.
 */
export function checkRedirect(redirectUri: string, allowed: readonly string[]): void {
  if (allowed.includes(redirectUri) || isLoopbackCallback(redirectUri)) return;
  throw new Refusal(
    "notAllowed",
    "this redirect address is neither http://127.0.0.1:<port>/callback nor one of the operator's",
  );
}

/** The address that the browser came to, if it is the one of the login with an answer behind it. */
export function callbackOf(callback: string, redirectUri: string): URL | undefined {
  const url = URL.parse(callback);
  if (url === null || url.hash !== "" || url.search === "") return undefined;
  return `${url.origin}${url.pathname}` === redirectUri ? url : undefined;
}

/** By number and never by the name `localhost`, which may lead elsewhere (RFC 8252 §8.3). */
function isLoopbackCallback(text: string): boolean {
  return /^http:\/\/(?:127\.0\.0\.1|\[::1\]):[1-9]\d{0,4}\/callback$/.test(text);
}
