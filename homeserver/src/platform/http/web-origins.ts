import type { IncomingMessage, ServerResponse } from "node:http";

/**
 * Tells browsers which pages of other origins may speak to this server (the CORS protocol of the
 * Fetch standard). Sessions are tokens in a header and never cookies, so what a page gains is no more
 * than any program on that machine has.
 */
export interface WebOrigins {
  /** True when the request was the browser's question beforehand, and is answered. */
  answer(incoming: IncomingMessage, outgoing: ServerResponse): boolean;
}

/** How long a browser need not ask again. */
const maxAgeSeconds = "7200";

/** `isForClients` says what is part of the client API: for the rest no page has any leave. */
export function createWebOrigins(
  origins: readonly string[],
  isForClients: (path: string) => boolean,
): WebOrigins {
  const allowed = new Set(origins);
  return {
    answer(incoming, outgoing) {
      const { origin } = incoming.headers;
      if (origin === undefined || allowed.size === 0) return false;
      const [path = ""] = (incoming.url ?? "").split("?");
      if (!isForClients(path)) return false;
      // Also where it is refused: an answer for one origin must not be kept for another.
      outgoing.setHeader("vary", "origin");
      const any = allowed.has("*");
      if (!any && !allowed.has(origin)) return false;
      outgoing.setHeader("access-control-allow-origin", any ? "*" : origin);
      const preflight = incoming.headers["access-control-request-method"] !== undefined;
      if (incoming.method !== "OPTIONS" || !preflight) {
        outgoing.setHeader("access-control-expose-headers", "*");
        return false;
      }
      // The wildcards mean everything, since no request carries credentials; `authorization` has
      // to be named (Fetch §4.10).
      outgoing.writeHead(204, {
        "access-control-allow-methods": "*",
        "access-control-allow-headers": "authorization, *",
        "access-control-max-age": maxAgeSeconds,
      });
      outgoing.end();
      return true;
    },
  };
}
