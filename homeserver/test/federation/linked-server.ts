import {
  domainOf,
  NetworkFault,
  parseDomain,
  parseProblem,
  peerRoutes,
  Refusal,
} from "@treehouse/protocol";
import type { Bytes, Domain, EndpointName } from "@treehouse/protocol";
import { createFederation, federationMigrations } from "../../src/federation/index.ts";
import type {
  Federation,
  HostedRooms,
  LocalUsers,
  PeerCall,
  Peers,
} from "../../src/federation/index.ts";
import {
  createHttpServer,
  createJobs,
  createNodeEnv,
  openDatabase,
} from "../../src/platform/index.ts";

/** Where each server listens. */
export type Addresses = Map<Domain, string>;

export type LinkedParts = {
  readonly hosted?: Partial<HostedRooms>;
  readonly localUsers?: Partial<LocalUsers>;
  /** What becomes of ephemeral entries that come. */
  readonly pass?: (peer: Domain, entry: Bytes) => Promise<void>;
};

/** The federation module behind a real HTTP server; who asks is believed as long as it says so. */
export class LinkedServer implements AsyncDisposable {
  readonly domain: Domain;
  readonly federation: Federation;
  /** Requests that arrived, by endpoint. */
  readonly arrived: { readonly path: string; readonly transactionId: string; body: Bytes }[] = [];
  /** Called before each request that leaves. */
  beforePost: (call: PeerCall) => void = () => {};
  readonly denied = new Set<Domain>();
  readonly #addresses: Addresses;
  readonly #close: () => Promise<void>;
  readonly #env: ReturnType<typeof createNodeEnv>;

  static async open(name: string, addresses: Addresses, parts: LinkedParts = {}) {
    const domain = parseDomain(name);
    const server = new LinkedServer(domain, addresses, parts);
    addresses.set(domain, await server.#listen());
    return server;
  }

  readonly #listen: () => Promise<string>;

  constructor(domain: Domain, addresses: Addresses, parts: LinkedParts) {
    this.domain = domain;
    this.#addresses = addresses;
    const env = createNodeEnv({ log: { level: "silent" } });
    this.#env = env;
    const database = openDatabase({
      path: ":memory:",
      env,
      migrations: [federationMigrations],
      onCrash: (error) => {
        throw error;
      },
    });
    const jobs = createJobs(env);
    this.federation = createFederation({
      env,
      database,
      domain,
      peers: this.#peers(env),
      hosted: { ...hostsNothing, ...parts.hosted },
      followed: {
        prepare: async () => undefined,
        receive: async () => ({}),
        pass: parts.pass ?? (async () => {}),
        finish: async () => {},
      },
      consent: {
        consent: async () => ({}),
        userDeleted: async () => ({}),
        clientRevoked: async () => ({}),
        userReset: async () => ({}),
      },
      localUsers: { ...knowsNobody, ...parts.localUsers },
      entries: { entry: async () => undefined },
      jobs,
    });
    const http = createHttpServer({
      env,
      authenticate: async () => undefined,
      trustedProxies: new Set(),
      peers: {
        checkHost() {},
        open: ({ headers, path }) => ({
          authenticate: async (body) => {
            const transactionId = headers["mimi-transaction-id"]?.[0] ?? "";
            this.arrived.push({ path, transactionId, body });
            const from = headers["from"]?.[0] ?? "";
            return { domain: parseDomain(from.slice("mimi@".length)), transactionId };
          },
          close() {},
        }),
        refused() {},
      },
      routes: this.federation.routes,
      upgrades: new Map(),
      version: "test",
    });
    this.#listen = () => http.listen({ host: "127.0.0.1", port: 0 });
    this.#close = async () => {
      await this.federation.close();
      await http.close();
      await jobs.close();
      await database.close();
    };
  }

  /** How many requests of an endpoint arrived. */
  count(endpoint: EndpointName): number {
    const start = peerRoutes[endpoint].split("{", 1)[0] ?? "";
    const end = peerRoutes[endpoint].split("}").at(-1) ?? "";
    return this.arrived.filter(({ path }) => path.startsWith(start) && path.endsWith(end)).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#addresses.delete(this.domain);
    await this.#close();
  }

  /** A request that this server makes past its own module. */
  postTo(peer: Domain, call: PeerCall): Promise<Bytes> {
    return this.#peers(this.#env).post(peer, call);
  }

  #peers(env: ReturnType<typeof createNodeEnv>): Peers {
    return {
      post: async (peer, call) => {
        this.beforePost(call);
        const address = this.#addresses.get(peer);
        if (address === undefined) throw new NetworkFault("refused", "nobody listens there");
        const { status, body } = await env.fetch({
          method: "POST",
          url: address + pathOf(call),
          headers: {
            "content-type": "application/vnd.treehouse.mimi+tls",
            from: `mimi@${this.domain}`,
            "mimi-transaction-id": call.transactionId ?? "",
          },
          body: call.body,
          timeoutMs: call.timeoutMs,
          responseBytesMax: call.answerBytesMax,
        });
        if (status !== 200) throw parseProblem(JSON.parse(Buffer.from(body).toString()));
        return body;
      },
      admit: (peer) => {
        if (this.denied.has(peer)) throw new Refusal("peerDenied", "our rules deny it");
      },
      onContact() {},
      onPolicyChange() {},
    };
  }
}

function pathOf({ endpoint, variables = {} }: PeerCall): string {
  return peerRoutes[endpoint].replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(variables[name] ?? ""),
  );
}

const nothing = async () => Promise.reject(new Refusal("unknownRoom", "no such room"));

/** Of rooms that change their hub. */
export const movesNothing: Pick<HostedRooms, "offerHub" | "takeOver" | "hub"> = {
  offerHub: nothing,
  takeOver: nothing,
  hub: async (room) => domainOf(room),
};

const hostsNothing: HostedRooms = {
  submit: nothing,
  update: nothing,
  groupInfo: nothing,
  tree: nothing,
  leave: nothing,
  events: nothing,
  standing: nothing,
  ...movesNothing,
  checkFollowedBy: nothing,
  signedHead: async () => undefined,
  introduceAgain: async () => {},
};

const knowsNobody: LocalUsers = {
  findFor: async () => undefined,
  listsFor: async () => [],
  countersigners: () => [],
  claim: async () => Promise.reject(new Refusal("unknownUser", "nobody lives here")),
};
