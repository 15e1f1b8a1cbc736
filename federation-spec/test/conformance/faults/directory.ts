import {
  certifyFederationKey,
  DIRECTORY_PATH,
  parseDomain,
  PROFILE,
  toBase64Url,
  fromBase64Url,
} from "@treehouse/protocol";
import type { DirectoryDocument } from "@treehouse/protocol";
import { peerSigningKey } from "../../../src/conformance/index.ts";
import type { Answered, Passage } from "../proxy.ts";
import type { Fault } from "./fault.ts";
import { seed } from "./signing.ts";

/** Faults of a server's own directory, and of what it makes of others'. */
export const directoryFaults: readonly Fault[] = [
  {
    name: "shows the directory of another server",
    rule: "FED-902",
    breaks: "names the server's domain",
    inbound: () => rewriting((document) => ({ ...document, domain: "other.test" })),
  },
  {
    name: "names endpoints at another host",
    rule: "FED-904",
    breaks: "each is an absolute HTTPS URL on the host, with its variable once",
    inbound: () =>
      rewriting(({ endpoints, ...document }) => ({
        ...document,
        endpoints: { ...endpoints, tree: endpoints.tree.replace("tested.test", "other.test") },
      })),
  },
  {
    name: "believes endpoints at any host",
    rule: "FED-904",
    breaks: "a template that leads to another host is not followed",
    outbound: () =>
      rewriting(({ endpoints, ...document }) => {
        const own = Object.entries(endpoints).map(([name, url = ""]) => [
          name,
          `https://${document.domain}${url.replace(/^https?:\/\/[^/]+/, "")}`,
        ]);
        return { ...document, endpoints: Object.fromEntries(own) };
      }),
  },
  {
    name: "follows the redirect of a directory",
    rule: "FED-903",
    breaks: "a redirect is not followed",
    outbound: () => async (asked, forward) => {
      const answered = await forward(asked);
      const location = answered.headers["location"];
      if (location === undefined || asked.path !== DIRECTORY_PATH) return answered;
      return forward({ ...asked, path: location });
    },
  },
  {
    name: "speaks with servers of any version",
    rule: "FED-918",
    breaks: "without a common version nothing is asked of a server",
    outbound: () =>
      rewriting(({ versions, ...document }) => ({ ...document, versions: [...versions, PROFILE] })),
  },
  {
    name: "cannot read a directory that says more than it knows",
    rule: "FED-919",
    breaks: "unknown members, endpoints, capabilities and kinds of key",
    outbound: () =>
      rewriting((document) =>
        document.capabilities.includes("telepathy") ? { unknown: document } : document,
      ),
  },
  {
    name: "believes keys that nothing vouches for",
    rule: "FED-912",
    breaks: "nothing is taken from it, and nothing asked of it",
    slow: true,
    outbound: () =>
      rewriting(({ keys, ...document }) => ({
        ...document,
        keys: keys.map((key) => certified(document.domain, key)),
      })),
  },
];

/** Changes the directories that pass. */
function rewriting(change: (document: DirectoryDocument) => object): Passage {
  return async (asked, forward) => {
    const answered = await forward(asked);
    if (asked.path !== DIRECTORY_PATH || answered.status !== 200) return answered;
    const document: DirectoryDocument = JSON.parse(new TextDecoder().decode(answered.body));
    return withJson(answered, change(document));
  };
}

function withJson(answered: Answered, json: object): Answered {
  return { ...answered, body: new TextEncoder().encode(JSON.stringify(json)) };
}

/** With the word of the server's first key, which the proxy has. */
function certified(domain: string, key: DirectoryDocument["keys"][number]) {
  if (!("x" in key) || key.kid === "key-1" || typeof key.x !== "string") return key;
  const name = parseDomain(domain);
  const notBefore = typeof key["notBefore"] === "number" ? key["notBefore"] : 0;
  const unsigned = {
    domain: name,
    kid: String(key.kid),
    key: fromBase64Url(key.x),
    notBefore,
    expires: 0,
  };
  const certificate = certifyFederationKey(unsigned, peerSigningKey(seed, name, "key-1").sign);
  return { ...key, certifiedBy: "key-1", certificate: toBase64Url(certificate) };
}
