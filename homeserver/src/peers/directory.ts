import {
  commonVersion,
  directorySchema,
  DIRECTORY_PATH,
  ENDPOINTS,
  expandTemplate,
  LIMITS,
  MEDIA_TYPE_JSON,
  Refusal,
  utf8Decode,
  VERSIONS,
} from "@treehouse/protocol";
import type { Directory, Domain, EndpointName, PEER_CAPABILITIES } from "@treehouse/protocol";
import { ContactFault } from "./outbound/fault.ts";
import { mediaTypeOf } from "./outbound/client.ts";
import type { OutboundAnswer, OutboundClient } from "./outbound/client.ts";

/** Where a request to another server goes. */
export interface EndpointUrl {
  readonly port: number;
  /** Percent-encoded. */
  readonly path: string;
}

const httpsPort = 443;
/** For servers whose first port is somebody else's. */
const otherPort = 8448;

/** Fetches and checks the directory of another server. Throws a `ContactFault`. */
export async function fetchDirectory(client: OutboundClient, domain: Domain): Promise<Directory> {
  const answer = await client.send(
    { domain, port: httpsPort },
    {
      method: "GET",
      path: DIRECTORY_PATH,
      headers: { accept: MEDIA_TYPE_JSON },
      timeoutMs: LIMITS.directoryTimeoutMs,
      answerBytesMax: LIMITS.directoryBytesMax,
    },
  );
  checkAnswer(answer);
  const document = directorySchema.safeParse(jsonOf(answer));
  if (!document.success) {
    const places = document.error.issues.slice(0, 3).map(({ path }) => path.map(String).join("."));
    throw fault(`the directory is not in its form: ${places.join(", ")}`);
  }
  if (document.data.domain !== domain) throw fault("the directory is another server's");
  for (const endpoint of endpointNames) {
    if (document.data.endpoints[endpoint] !== undefined) urlOf(document.data, endpoint, "x");
  }
  return document.data;
}

/** The URL of an endpoint, on the server's own host alone (FED-904). */
export function urlOf(
  { domain, endpoints }: Directory,
  endpoint: EndpointName,
  value: string | undefined,
): EndpointUrl {
  const template = endpoints[endpoint];
  if (template === undefined) throw fault(`the directory has no URL for ${endpoint}`);
  const url = URL.parse(expandTemplate(endpoint, template, value));
  if (url === null || url.protocol !== "https:" || url.hostname !== domain) {
    throw fault(`the directory's URL for ${endpoint} is not https://${domain}`);
  }
  const port = url.port === "" ? httpsPort : Number(url.port);
  if (port !== httpsPort && port !== otherPort) {
    throw fault(`the directory's URL for ${endpoint} has a port other than 443 and 8448`);
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw fault(`the directory's URL for ${endpoint} is more than a path`);
  }
  return { port, path: url.pathname };
}

/** "versionUnsupported" unless both speak one version. */
export function versionWith({ versions }: Directory): string {
  const version = commonVersion(VERSIONS, versions);
  if (version === undefined) {
    throw new Refusal("versionUnsupported", "The two servers have no version in common.");
  }
  return version;
}

/** What a server must be able to do to be asked at an endpoint, beyond what all can. */
const needed: Partial<Record<EndpointName, (typeof PEER_CAPABILITIES)[number]>> = {
  notify: "batches",
  submitMessage: "submissions",
  events: "events",
  standing: "standing",
  ephemeral: "ephemeral",
  asset: "assets",
  assetsForgotten: "assets",
  hubOffer: "moves",
  takeOver: "moves",
};

/**
 * FED-919: "peerUnreachable" if the server does not say that it can do this: it may learn to, and
 * whoever asks waits. "tooLarge" if it takes less at once.
 */
export function checkAble(
  { capabilities, endpoints, limits }: Directory,
  { endpoint, body }: { readonly endpoint: EndpointName; readonly body: Uint8Array },
): void {
  const capability = needed[endpoint];
  const able = capability === undefined || capabilities.includes(capability);
  if (!able || endpoints[endpoint] === undefined) {
    throw new Refusal("peerUnreachable", `The other server knows no ${endpoint} yet.`, {
      retryAfterMs: LIMITS.retryMostMs,
    });
  }
  const [limitName, limit] = bodyLimit(endpoint, limits);
  if (body.length <= limit) return;
  throw new Refusal("tooLarge", "The other server takes less at once.", { limitName, limit });
}

function bodyLimit(
  endpoint: EndpointName,
  { maxBody, maxNotifyBody, maxTakeOverBody = maxBody }: Directory["limits"],
): readonly [limitName: string, limit: number] {
  if (endpoint === "notify") return ["notifyBodyBytesMax", maxNotifyBody];
  if (endpoint === "takeOver") return ["takeOverBodyBytesMax", maxTakeOverBody];
  return ["peerBodyBytesMax", maxBody];
}

function isEndpoint(name: string): name is EndpointName {
  return Object.hasOwn(ENDPOINTS, name);
}

const endpointNames = Object.keys(ENDPOINTS).filter(isEndpoint);

function checkAnswer({ status, headers }: OutboundAnswer): void {
  if (status >= 300 && status < 400)
    throw fault("it redirects the directory, which is not followed");
  if (status !== 200) throw fault(`it answers ${status} instead of the directory`);
  if (mediaTypeOf(headers) !== MEDIA_TYPE_JSON) throw fault("the directory is no JSON");
}

function jsonOf({ body }: OutboundAnswer): unknown {
  try {
    return JSON.parse(utf8Decode(body));
  } catch (error) {
    throw fault("the directory is no JSON", error);
  }
}

function fault(message: string, cause?: unknown): ContactFault {
  return new ContactFault("directory", "broken", message, { cause });
}
