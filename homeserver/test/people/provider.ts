import { once } from "node:events";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

/** A real OpenID Connect provider on loopback, where whoever comes is logged in as `visitor`. */
export interface TestProvider extends AsyncDisposable {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Who is at the browser. */
  visitor: string;
  /** Goes where the browser is sent, until it is sent to the redirect address; answers that. */
  browse(authorizationUrl: string, redirectUri: string): Promise<string>;
}

const client = { id: "treehouse", secret: "a secret between two servers, long enough" };

export async function openProvider(): Promise<TestProvider> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it listens at no port");
  const issuer = `http://127.0.0.1:${address.port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        application_type: "native",
        redirect_uris: ["http://127.0.0.1/callback"],
        token_endpoint_auth_method: "client_secret_post",
      },
    ],
    ttl: { Grant: 600, Interaction: 600, Session: 600 },
    cookies: { keys: ["only for this test"] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    // Two people there have the same address: nothing may be decided by it.
    claims: { openid: ["sub", "email"] },
    conformIdTokenClaims: false,
    findAccount: (_context, accountId) => ({
      accountId,
      claims: () => ({ sub: accountId, email: "shared@mail.example" }),
    }),
    loadExistingGrant: async (context) => {
      const { client: asker, session } = context.oidc;
      const grant = new context.oidc.provider.Grant({
        clientId: asker?.clientId ?? "",
        accountId: session?.accountId ?? "",
      });
      grant.addOIDCScope("openid");
      await grant.save();
      return grant;
    },
  });
  const handle = provider.callback();
  let visitor = "nobody";
  server.on("request", (request, response) => {
    if (request.url?.startsWith("/interaction/") !== true) return void handle(request, response);
    const result = { login: { accountId: visitor }, consent: {} };
    return void provider.interactionFinished(request, response, result);
  });
  return {
    issuer,
    clientId: client.id,
    clientSecret: client.secret,
    get visitor() {
      return visitor;
    },
    set visitor(name) {
      visitor = name;
    },
    browse,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A browser in small: it keeps cookies and follows redirects, but never to the redirect address. */
async function browse(authorizationUrl: string, redirectUri: string): Promise<string> {
  const cookies = new Map<string, string>();
  let url = new URL(authorizationUrl);
  for (let hop = 0; hop < 10; hop += 1) {
    const cookie = [...cookies].map((pair) => pair.join("=")).join("; ");
    const response = await fetch(url, { redirect: "manual", headers: { cookie } });
    for (const text of response.headers.getSetCookie()) {
      const pair = text.split(";")[0] ?? "";
      const name = pair.slice(0, pair.indexOf("="));
      const value = pair.slice(name.length + 1);
      if (value === "") cookies.delete(name);
      else cookies.set(name, value);
    }
    const location = response.headers.get("location");
    if (location === null) throw new Error(`${response.status}: ${await response.text()}`);
    url = new URL(location, url);
    if (url.href.startsWith(`${redirectUri}?`)) return url.href;
  }
  throw new Error("the provider sends the browser around");
}
