/** Serves the tabs of one store with one client: the leading tab's worker runs it. */
import { parseAddress, Refusal, type UserUri } from "@treehouse/protocol";

import type { Client, ClientOptions, Conversation } from "../client/index.ts";
import { SdkError, toSdkError } from "../errors/index.ts";
import type { ClientEvents } from "../events/index.ts";
import { createSerial } from "../transport/index.ts";
import { createBacklog } from "./backlog.ts";
import type { Place } from "./channels.ts";
import { createEndpoint, type Endpoint } from "./endpoint.ts";
import { functionAt } from "./handles.ts";
import { type Callee, type Channel, wireVersion } from "./wire.ts";

export type HostParts = {
  readonly place: Place;
  readonly random: (length: number) => Uint8Array;
  /** Opens the client. `hears` is told of every event, `closed` when it is closed, by whomever. */
  open(options: ClientOptions, ears: HostEars): Promise<Client>;
};

export type HostEars = {
  hears<K extends keyof ClientEvents>(name: K, value: ClientEvents[K]): void;
  closed(): void;
};

export interface Host {
  /** Lets go of all tabs and closes the client. */
  close(): Promise<void>;
}

/** What a tab says of itself when it comes to a host. */
export type Arrival = {
  /** It was served before, by another host: then it is told what it may have missed. */
  readonly returns: boolean;
};

type Running = {
  readonly client: Client;
  readonly user: UserUri;
  /** Each is looked up once: to find one by its id takes all of them. */
  readonly conversations: Map<string, Promise<Conversation>>;
  /** The session has ended. */
  over: boolean;
};

type Tab = { readonly channel: Channel; readonly endpoint: Endpoint; arrived: boolean };

export function createHost({ place, random, open }: HostParts): Host {
  const street = place.street();
  const tabs = new Map<string, Tab>();
  const opening = createSerial();
  let host = hex(random(16));
  const life = new AbortController();
  let running: Running | undefined;
  let backlog = createBacklog();

  const announce = () => street.shout({ type: "leading", host });

  const hears: HostEars["hears"] = (name, value) => {
    if (name === "loginRequired" && running !== undefined) running.over = true;
    const event = backlog.add(name, value);
    for (const { channel, arrived } of tabs.values()) if (arrived) channel.post(event);
  };

  const start = async (options: ClientOptions): Promise<Client> => {
    const mine: { ended: boolean } = { ended: false };
    const closed = () => {
      mine.ended = true;
      running = undefined;
    };
    const client = await open(options, { hears, closed });
    const user = parseAddress(options.account);
    if (!mine.ended) running = { client, user, conversations: new Map(), over: false };
    return client;
  };

  /** Everybody comes back to the client that is opened then. */
  const startAnew = async (options: ClientOptions): Promise<Client> => {
    await running?.client.close();
    for (const { endpoint } of tabs.values()) endpoint.close();
    backlog = createBacklog();
    host = hex(random(16));
    const client = await start(options);
    announce();
    return client;
  };

  const attach = async (tab: Tab, options: ClientOptions, arrival: Arrival): Promise<Client> => {
    const client = await opening.run(async () => {
      if (running === undefined) return start(options);
      checkJoins(running.user, options);
      return running.over && options.login === true ? startAnew(options) : running.client;
    });
    tab.arrived = true;
    for (const event of backlog.since(arrival.returns)) tab.channel.post(event);
    return client;
  };

  const resolve = async (tab: Tab, callee: Callee) => {
    if (callee.kind === "open") {
      return async (options: unknown, arrival: unknown) => {
        if (!isOptions(options) || !isArrival(arrival)) throw new TypeError("no way to open");
        try {
          return await attach(tab, options, arrival);
        } catch (error) {
          throw toSdkError(error);
        }
      };
    }
    if (running === undefined) throw closedFault();
    if (callee.kind === "conversation") {
      return functionAt(await conversationIn(running, callee.id), callee.path);
    }
    if (callee.kind === "client") return functionAt(running.client, callee.path);
    throw new TypeError("a handle is found by whoever gave it");
  };

  const drop = (name: string) => {
    const tab = tabs.get(name);
    tabs.delete(name);
    tab?.endpoint.close();
    tab?.channel.close();
  };

  const welcome = (name: string) => {
    const known = tabs.get(name);
    if (known === undefined) {
      const channel = place.channel(name);
      const endpoint = createEndpoint({
        channel,
        random,
        resolve: (callee) => resolve(tab, callee),
        nameOf: (value) =>
          value === running?.client ? { kind: "client", path: [] } : nameOf(value),
      });
      const tab: Tab = { channel, endpoint, arrived: false };
      tabs.set(name, tab);
      channel.listen((frame) => {
        if (!endpoint.hear(frame) && frame.type === "leaving") drop(name);
      });
      // The tab holds it for as long as it lives.
      place.lock(`tab/${name}`, life.signal).then(
        (release) => {
          release();
          drop(name);
        },
        () => undefined,
      );
    }
    tabs.get(name)?.channel.post({ type: "welcome", host, version: wireVersion });
  };

  street.listen((shout) => {
    if (shout.type === "here") welcome(shout.tab);
  });
  announce();

  return {
    async close() {
      street.close();
      life.abort();
      // What they are waiting for is told them by the next host, and not as the end of this one.
      for (const name of tabs.keys()) drop(name);
      await opening.idle();
      await running?.client.close();
    },
  };
}

/** A tab of the same release has said so; see `wireVersion`. */
function isOptions(value: unknown): value is ClientOptions {
  return typeof value === "object" && value !== null && "account" in value;
}

function isArrival(value: unknown): value is Arrival {
  return typeof value === "object" && value !== null && "returns" in value;
}

/** What a tab may ask for when the client runs already. */
function checkJoins(user: UserUri, options: ClientOptions): void {
  if (parseAddress(options.account) !== user) {
    throw new SdkError("accountMismatch", "this store belongs to another account", {
      help: "Open the store with its own account, or use another store.",
    });
  }
  if (options.register !== undefined || options.reset !== undefined) {
    throw new Refusal("conflict", "this store already belongs to an account: use another store");
  }
}

async function conversationIn(
  { client, conversations }: Running,
  id: string,
): Promise<Conversation> {
  const known = conversations.get(id) ?? client.conversations.get(id);
  conversations.set(id, known);
  try {
    return await known;
  } catch (error) {
    conversations.delete(id);
    throw error;
  }
}

/** A conversation is the same for every worker; other objects are this one's alone. */
function nameOf(value: object): Callee | undefined {
  const id: unknown = Reflect.get(value, "id");
  const conversation = typeof id === "string" && "sendAgain" in value;
  return conversation ? { kind: "conversation", id, path: [] } : undefined;
}

function closedFault(): SdkError {
  return new SdkError("closed", "the client was closed", {
    help: "What was asked for is stored and goes on when the client is opened again.",
  });
}

function hex(octets: Uint8Array): string {
  return [...octets].map((octet) => octet.toString(16).padStart(2, "0")).join("");
}
