import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import {
  LIMITS,
  PEER_CAPABILITIES,
  certifyFederationKey,
  formatDigest,
  formatFrom,
  MEDIA_TYPE_JSON,
  MEDIA_TYPE_TLS,
  parseDomain,
  parseProblem,
  peerRoutes,
  signRequest,
  toBase64Url,
} from "@treehouse/protocol";
import type {
  Bytes,
  DirectoryDocument,
  Domain,
  FederationKey,
  Refusal,
  SignedRequest,
} from "@treehouse/protocol";
import { echoPath } from "./rig.ts";
import type { Network } from "./rig.ts";

const crypto = createNodeCrypto({
  random: (length) => globalThis.crypto.getRandomValues(new Uint8Array(length)),
});

/** A key that a test does with as it likes. */
export interface RawKey {
  readonly kid: string;
  readonly publicKey: Bytes;
  readonly privateKey: Bytes;
}

export function rawKey(kid: string): RawKey {
  return { kid, ...crypto.generateSignatureKeyPair() };
}

/** As it stands in a directory; certified by another key if one is given. */
export function listedKey(
  domain: Domain,
  { kid, publicKey }: RawKey,
  { by, notBefore = 0, exp }: { by?: RawKey; notBefore?: number; exp?: number } = {},
): DirectoryDocument["keys"][number] {
  const key: FederationKey = { domain, kid, key: publicKey, notBefore, expires: exp ?? 0 };
  const certificate =
    by && certifyFederationKey(key, (octets) => crypto.sign(by.privateKey, octets));
  return {
    kid,
    kty: "OKP",
    crv: "Ed25519",
    x: toBase64Url(publicKey),
    notBefore,
    ...(exp === undefined ? {} : { exp }),
    ...(by === undefined || certificate === undefined
      ? {}
      : { certifiedBy: by.kid, certificate: toBase64Url(certificate) }),
  };
}

/** A server that speaks as the protocol says, unless a test has it do otherwise. */
export interface RawPeer {
  readonly domain: Domain;
  readonly key: RawKey;
  /** What its directory says; tests change it in place. */
  readonly directory: DirectoryDocument;
  /** How often its directory was asked for. */
  readonly fetches: () => number;
  /** Answers instead of the directory and of everything else. */
  respond: ((incoming: IncomingMessage, outgoing: ServerResponse) => void) | undefined;
  readonly requests: readonly IncomingMessage[];
  [Symbol.asyncDispose](): Promise<void>;
}

export async function openRawPeer(name: string, network: Network): Promise<RawPeer> {
  const domain = parseDomain(name);
  const key = rawKey("k1");
  const requests: IncomingMessage[] = [];
  let fetches = 0;
  const peer = {
    domain,
    key,
    directory: directoryOf(domain, [listedKey(domain, key)]),
    fetches: () => fetches,
    respond: undefined as RawPeer["respond"],
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const server = createServer((incoming, outgoing) => {
    requests.push(incoming);
    if (incoming.method === "GET") fetches += 1;
    if (peer.respond !== undefined) {
      peer.respond(incoming, outgoing);
    } else if (incoming.method === "GET") {
      outgoing.setHeader("content-type", MEDIA_TYPE_JSON);
      outgoing.end(JSON.stringify(peer.directory));
    } else {
      incoming.resume();
      outgoing.setHeader("content-type", MEDIA_TYPE_TLS);
      outgoing.end(Uint8Array.of(1));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  network.set(domain, new URL(`http://127.0.0.1:${address.port}`));
  return peer;
}

export function directoryOf(domain: Domain, keys: DirectoryDocument["keys"]): DirectoryDocument {
  const at = (path: string): string => `https://${domain}${path}`;
  const { keyMaterial, update, notify, submitMessage, groupInfo, tree, leave, events, standing } =
    peerRoutes;
  return {
    profile: "mimi-06+1",
    versions: ["mimi-06+1"],
    domain,
    capabilities: [...PEER_CAPABILITIES],
    keys,
    countersigners: [],
    endpoints: {
      keyMaterial: at(keyMaterial),
      update: at(update),
      notify: at(notify),
      submitMessage: at(submitMessage),
      groupInfo: at(groupInfo),
      tree: at(tree),
      leave: at(leave),
      ephemeral: at(peerRoutes.ephemeral),
      events: at(events),
      standing: at(standing),
      identifierQuery: at(peerRoutes.identifierQuery),
    },
    limits: {
      maxBody: LIMITS.peerBodyBytesMax,
      maxNotifyBody: LIMITS.notifyBodyBytesMax,
      eventRetentionSeconds: 60,
    },
  };
}

/** What a test changes of a request that is otherwise as it must be. */
export interface AskOptions {
  readonly key?: RawKey;
  readonly created?: number;
  readonly nonce?: Bytes;
  readonly body?: Uint8Array;
  readonly path?: string;
  /** What is signed, where it differs from what is sent. */
  readonly signed?: Partial<SignedRequest>;
  /** Sent instead of or beside the right ones; undefined leaves a header out. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly host?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
  /** Of an answer that is a problem. */
  readonly refusal: Refusal | undefined;
}

/** The headers and body of a request of a server, signed now. */
export function signedAs(
  from: Domain,
  to: Domain,
  key: RawKey,
  options: AskOptions & { readonly now: number },
): { headers: Record<string, string | readonly string[]>; body: Uint8Array; path: string } {
  const { body = Uint8Array.of(1, 2, 3), path = echoPath } = options;
  const right: SignedRequest = {
    method: "POST",
    authority: to,
    path,
    from,
    digest: Uint8Array.from(createHash("sha256").update(body).digest()),
    transactionId: "00112233445566778899aabbccddeeff",
  };
  const signed = { ...right, ...options.signed };
  const parameters = {
    created: options.created ?? Math.floor(options.now / 1_000),
    kid: key.kid,
    nonce: options.nonce ?? globalThis.crypto.getRandomValues(new Uint8Array(16)),
  };
  const headers: Record<string, string | readonly string[]> = {
    host: options.host ?? to,
    "content-type": MEDIA_TYPE_TLS,
    ...signRequest(signed, parameters, (octets) => crypto.sign(key.privateKey, octets)),
    from: formatFrom(right.from),
    "content-digest": formatDigest(right.digest),
    "mimi-transaction-id": right.transactionId,
  };
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (value === undefined) delete headers[name];
    else headers[name] = value;
  }
  return { headers, body, path };
}

/** Sends a request to a server as another one. */
export function askAs(
  peer: Pick<RawPeer, "domain" | "key">,
  server: { readonly url: string; readonly domain: Domain; now(): number },
  options: AskOptions = {},
): Promise<Answer> {
  const { headers, body, path } = signedAs(peer.domain, server.domain, options.key ?? peer.key, {
    ...options,
    now: server.now(),
  });
  return send(server.url, path, headers, body);
}

export async function send(
  url: string,
  path: string,
  headers: Readonly<Record<string, string | readonly string[]>>,
  body: Uint8Array,
): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const outgoing = request({
    hostname,
    port,
    path,
    method: "POST",
    agent: false,
  });
  outgoing.setHeader("content-length", body.byteLength);
  for (const [name, value] of Object.entries(headers)) outgoing.setHeader(name, value);
  outgoing.end(body);
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once("response", resolve);
    outgoing.once("error", reject);
  });
  const octets = await buffer(incoming);
  const isProblem = incoming.headers["content-type"] === "application/problem+json";
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    body: octets,
    refusal: isProblem ? parseProblem(JSON.parse(octets.toString("utf8"))) : undefined,
  };
}
