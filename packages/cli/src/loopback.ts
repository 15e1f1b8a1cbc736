import { once } from "node:events";
import { createServer } from "node:http";

import type { ExternalLogin } from "@treehouse/client-sdk";

import { CliFailure, EXIT } from "./failure.ts";

const page =
  "<!doctype html><meta charset=utf-8><title>Treehouse</title><p>You can close this window.";

/**
 * Listens on this machine for the browser to come back from the provider (RFC 8252 §7.3); `show`
 * tells the user where to go. A visit ends with the first answer, or when the command is stopped.
 */
export async function listenForCallback(
  show: (url: string) => void,
  stopped: AbortSignal,
): Promise<ExternalLogin & AsyncDisposable> {
  const server = createServer();
  let waiting: PromiseWithResolvers<string> | undefined;
  server.on("request", (request, response) => {
    const isAnswer = request.method === "GET" && request.url?.startsWith("/callback?") === true;
    response.writeHead(isAnswer ? 200 : 404, {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": "default-src 'none'",
      "referrer-policy": "no-referrer",
    });
    response.end(isAnswer ? page : "");
    if (isAnswer) waiting?.resolve(`${origin()}${request.url ?? ""}`);
  });
  const origin = (): string => {
    const address = server.address();
    if (address === null || typeof address === "string") {
      throw new CliFailure(EXIT.bug, "bug", "nothing listens on this machine");
    }
    return `http://127.0.0.1:${address.port}`;
  };
  const stop = (): void => waiting?.reject(stopped.reason);
  stopped.addEventListener("abort", stop, { once: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    redirectUri: `${origin()}/callback`,
    visit(authorizationUrl) {
      waiting = Promise.withResolvers<string>();
      if (stopped.aborted) stop();
      else show(authorizationUrl);
      return waiting.promise;
    },
    [Symbol.asyncDispose]: async () => {
      stopped.removeEventListener("abort", stop);
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
