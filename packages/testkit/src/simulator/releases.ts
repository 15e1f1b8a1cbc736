import {
  type Bytes,
  DIRECTORY_PATH,
  type DirectoryDocument,
  type EndpointName,
  type HttpRequest,
  type HttpResponse,
  MEDIA_TYPE_PROBLEM,
  PEER_CAPABILITIES,
  peerRoutes,
  problemOf,
  Refusal,
  utf8Decode,
  utf8Encode,
} from "@treehouse/protocol";
import type { Random } from "../random.ts";
import type { SimWorld } from "./sim-world.ts";

type Capability = (typeof PEER_CAPABILITIES)[number];

/** What runs on a server, as others see it: today's release, a later one, or one that lacks something. */
export type Release = { readonly later: boolean; readonly lacks: readonly Capability[] };

export const today: Release = { later: false, lacks: [] };
const later: Release = { later: true, lacks: [] };

/** An earlier release, today's, or the next. */
export function drawRelease(random: Random): Release {
  const kind = random.integer(0, 2);
  const lacks = PEER_CAPABILITIES.filter(() => random.chance(0.4));
  if (kind === 0) return { later: false, lacks };
  return kind === 1 ? today : later;
}

/**
 * The releases of all servers. What an earlier one lacks is neither in its directory nor at its paths;
 * what a later one has beyond today's is in its directory, and in what it sends to clients. Beneath it
 * runs what is tested here, so that an earlier one asks others for more than it would have known of.
 */
export class Releases {
  readonly #world: SimWorld;
  readonly #running = new Map<string, Release>();

  constructor(world: SimWorld) {
    this.#world = world;
  }

  of(server: string): Release {
    return this.#running.get(server) ?? today;
  }

  /** From here on it runs this one. */
  run(server: string, release: Release): void {
    const before = this.of(server);
    this.#running.set(server, release);
    if (before.lacks.length > release.lacks.length) this.#world.probe("upgraded");
    if (before.lacks.length < release.lacks.length) this.#world.probe("rolled back");
    const what = release.later ? "a later release" : `all but [${release.lacks.join(", ")}]`;
    this.#world.note(`${server} runs ${what}`);
  }

  /** What a server answers that has nothing at the path of a request. */
  missing(server: string, { url }: HttpRequest): HttpResponse | undefined {
    const { pathname } = new URL(url);
    const endpoints = this.of(server).lacks.flatMap((one) => endpointsOf[one]);
    if (!endpoints.some((endpoint) => isPathOf(endpoint, pathname))) return undefined;
    this.#world.probe("earlier release asked");
    return absent;
  }

  /** The answer of the server's release, made of that of today's. */
  told(server: string, { url }: HttpRequest, response: HttpResponse): HttpResponse {
    const release = this.of(server);
    if (release === today || new URL(url).pathname !== DIRECTORY_PATH || response.status !== 200)
      return response;
    const document: DirectoryDocument = JSON.parse(utf8Decode(response.body));
    const other = release.later ? withMore(document) : without(document, release.lacks);
    return { ...response, body: utf8Encode(JSON.stringify(other)) };
  }

  /** What a server sends to a client before a frame that today's clients know. */
  framesBefore(server: string): readonly Bytes[] {
    if (!this.of(server).later) return [];
    this.#world.probe("later frame");
    return [Uint8Array.of(unknownFrameType, 1, 2, 3)];
  }
}

const unknownFrameType = 99;

const absent: HttpResponse = {
  status: 404,
  headers: { "content-type": MEDIA_TYPE_PROBLEM },
  body: utf8Encode(
    JSON.stringify(problemOf(new Refusal("notFound", "There is nothing at this path."))),
  ),
};

/** The endpoints that come with a capability (FED-919). */
const endpointsOf: Readonly<Record<Capability, readonly EndpointName[]>> = {
  batches: ["notify"],
  submissions: ["submitMessage"],
  events: ["events"],
  standing: ["standing"],
  consent: [],
  ephemeral: ["ephemeral"],
  assets: ["asset", "assetsForgotten"],
  moves: ["hubOffer", "takeOver"],
};

/** Those that every directory has a URL for, whether or not there is anything. */
const inEveryDirectory: readonly EndpointName[] = ["notify", "submitMessage", "events", "standing"];

function isPathOf(endpoint: EndpointName, pathname: string): boolean {
  const [before = "", after] = peerRoutes[endpoint].split(/\{\w+\}/u);
  if (after === undefined) return pathname === before;
  return pathname.startsWith(before) && pathname.endsWith(after);
}

function withMore(document: DirectoryDocument): object {
  return {
    ...document,
    versions: ["mimi-99+1", "later", ...document.versions],
    capabilities: [...document.capabilities, "later"],
    keys: [...document.keys, { kid: "later", kty: "AKP", alg: "ML-DSA-65", pub: "AA" }],
    endpoints: { ...document.endpoints, later: `https://${document.domain}/later` },
    later: { is: "unknown" },
  };
}

function without(document: DirectoryDocument, lacks: readonly Capability[]): object {
  const gone = lacks
    .flatMap((one) => endpointsOf[one])
    .filter((endpoint) => !inEveryDirectory.includes(endpoint));
  return {
    ...document,
    capabilities: document.capabilities.filter((one) => !lacks.some((lack) => lack === one)),
    endpoints: {
      ...document.endpoints,
      ...Object.fromEntries(gone.map((name) => [name, undefined])),
    },
  };
}
