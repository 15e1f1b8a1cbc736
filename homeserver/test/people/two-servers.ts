import {
  domainOf,
  inboxEntryCodec,
  contactSchema,
  contactsAnswerSchema,
  acknowledgementCodec,
  entriesPageCodec,
  formatAddress,
  mintRoomUri,
  parseDomain,
  paths,
  Refusal,
  utf8Decode,
} from "@treehouse/protocol";
import type { Contact, Domain, RoomUri, UserUri } from "@treehouse/protocol";
import type { ConsentOutbox, Heard, Neighbours } from "../../src/authentication/index.ts";
import type { RemoteUsers } from "../../src/key-packages/index.ts";
import { ask } from "./ask.ts";
import type { Answer } from "./ask.ts";
import { enrol } from "./holder.ts";
import type { Holder } from "./holder.ts";
import { testCrypto } from "./person.ts";
import { openSmallServer } from "./small-server.ts";
import type { SmallServer, SmallServerOptions } from "./small-server.ts";

type Users = RemoteUsers & Pick<Neighbours["users"], "forget" | "lists">;
type Item = Parameters<ConsentOutbox["add"]>[2];
type Sent = { readonly from: Domain; readonly to: Domain; readonly item: Item };

/**
 * Two servers of people, and between them what federation does for them, in the simplest form: a
 * queue that outlives both, and questions that are answered at once unless the line is cut.
 */
export interface TwoServers {
  a: SmallServer;
  b: SmallServer;
  /** What was said and not heard yet, in order. */
  readonly line: Sent[];
  /** Answers of the last claims that were handed on, by transaction. */
  readonly claims: { readonly transactionId: string; readonly request: Uint8Array }[];
  cut: boolean;
  /** Lets each server hear what was said to it, `times` each; answers what came of it. */
  deliver(times?: number): Promise<readonly Heard[]>;
  restart(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function openTwoServers(
  options: Omit<SmallServerOptions, "domain" | "beside"> & {
    readonly rooms?: (domain: Domain) => Neighbours["rooms"];
    /** What is between a server and the one that it asks. */
    readonly between?: (users: Users) => Users;
  } = {},
): Promise<TwoServers> {
  const { rooms, between = (users) => users, ...rest } = options;
  const line: Sent[] = [];
  const claims: TwoServers["claims"] = [];
  const servers: SmallServer[] = [];
  const serverOf = (domain: Domain): SmallServer => {
    const found = servers.find((server) => server.domain === domain);
    if (world.cut || found === undefined) {
      throw new Refusal("peerUnreachable", "the other server cannot be reached");
    }
    return found;
  };
  const outboxOf = (from: Domain): ConsentOutbox => ({
    add: async (tx, to, item) => tx.afterCommit(() => line.push({ from, to, item })),
  });
  const usersOf = (from: Domain): Users => ({
    // Nothing is remembered here.
    forget: () => undefined,
    find: async (user) => serverOf(domainOf(user)).authentication.findFor(from, user),
    lists: async (user, after) =>
      serverOf(domainOf(user)).authentication.listsFor(from, user, after),
    claim: async (user, _room, request) => {
      const transactionId = `${from} ${claims.length}`;
      claims.push({ transactionId, request });
      const { keyPackages } = serverOf(domainOf(user));
      return keyPackages.answerPeer({ peer: from, transactionId, request });
    },
  });
  const open = async (domain: Domain): Promise<SmallServer> => {
    const beside = {
      outbox: outboxOf(domain),
      users: between(usersOf(domain)),
      ...(rooms === undefined ? {} : { rooms: rooms(domain) }),
    };
    const server = await openSmallServer({ ...rest, domain, beside });
    servers.push(server);
    return server;
  };
  const hear = ({ from, to, item }: Sent): Promise<Heard> => {
    const { authentication, database } = serverOf(to);
    return database.transaction((tx) => {
      if (item.kind === "consent") return authentication.consent(tx, from, item.entry);
      if (item.kind === "userDeleted") return authentication.userDeleted(tx, from, item);
      if (item.kind === "userReset") return authentication.userReset(tx, from, item);
      return authentication.clientRevoked(tx, from, item);
    });
  };
  const world: TwoServers = {
    a: await open(parseDomain("a.example")),
    b: await open(parseDomain("b.example")),
    line,
    claims,
    cut: false,
    deliver: async (times = 1) => {
      const heard: Heard[] = [];
      for (let sent = line.shift(); sent !== undefined; sent = line.shift()) {
        for (let time = 0; time < times; time += 1) heard.push(await hear(sent));
      }
      return heard;
    },
    restart: async () => {
      const fresh = [await world.a.restart(), await world.b.restart()];
      servers.splice(0, servers.length, ...fresh);
      const [a = world.a, b = world.b] = fresh;
      Object.assign(world, { a, b });
    },
    [Symbol.asyncDispose]: async () => {
      await world.a[Symbol.asyncDispose]();
      await world.b[Symbol.asyncDispose]();
    },
  };
  return world;
}

export type AliceAndBob = TwoServers & { readonly alice: Holder; readonly bob: Holder };

/** Alice is of server a, Bob of server b. */
export async function openAliceAndBob(
  options: Parameters<typeof openTwoServers>[0] = {},
): Promise<AliceAndBob> {
  const world = await openTwoServers(options);
  const alice = await enrol(world.a, "alice");
  const bob = await enrol(world.b, "bob");
  return Object.assign(world, { alice, bob });
}

/** The name of a room that might be founded there. */
export function roomAt({ domain }: SmallServer): RoomUri {
  return mintRoomUri(domain, (length) => testCrypto.random(length));
}

type Act = "request" | "accept" | "decline" | "block" | "unblock" | "withdraw";

/** One act of a user about another one, over HTTP. */
export function tryAct(
  server: SmallServer,
  who: Holder,
  what: Act,
  user: UserUri,
  body: { readonly note?: string; readonly room?: RoomUri } = {},
): Promise<Answer> {
  const address = formatAddress(user);
  const { token } = who;
  if (what === "withdraw") {
    return ask(server.url, paths.contact(address), { method: "DELETE", token });
  }
  return ask(server.url, `${paths.contact(address)}/${what}`, { token, json: body });
}

export async function act(...asked: Parameters<typeof tryAct>): Promise<Contact> {
  const answer = await tryAct(...asked);
  if (answer.refusal) throw answer.refusal;
  return contactSchema.parse(answer.json);
}

export async function contactsOf(server: SmallServer, who: Holder): Promise<readonly Contact[]> {
  const answer = await ask(server.url, paths.contacts(), { token: who.token });
  if (answer.refusal) throw answer.refusal;
  return contactsAnswerSchema.parse(answer.json).contacts;
}

/** The state of one contact as its owner sees it. */
export async function stateOf(server: SmallServer, who: Holder, user: UserUri): Promise<string> {
  const contacts = await contactsOf(server, who);
  return contacts.find((contact) => contact.user === user)?.state ?? "none";
}

export type Event = { readonly name: string; readonly contact: Contact | undefined };

/** Reads what is new in the inbox, and acknowledges it. */
export async function newsOf(server: SmallServer, who: Holder): Promise<readonly Event[]> {
  const reader = await server.queuing.attach(who.client);
  const { after } = reader.standing(who.client);
  reader.detach();
  const path = paths.entries(who.client, { after, limit: 256 });
  const answer = await ask(server.url, path, { token: who.token });
  if (answer.refusal) throw answer.refusal;
  const entries = entriesPageCodec
    .decode(answer.bytes)
    .entries.map((bytes) => inboxEntryCodec.decode(bytes));
  const position = entries.at(-1)?.position;
  if (position !== undefined) {
    const tls = acknowledgementCodec.encode([{ stream: who.client, position }]);
    await ask(server.url, paths.acknowledgements(), { token: who.token, tls });
  }
  return entries.map((entry) => {
    if (entry.kind !== "accountEvent") throw new Error("only account events come here");
    const { name, data } = entry.event;
    const contact =
      data.length === 0 ? undefined : contactSchema.parse(JSON.parse(utf8Decode(data)));
    return { name, contact };
  });
}

/** The names of the events that are new, with the states that they tell. */
export async function toldTo(server: SmallServer, who: Holder): Promise<readonly string[]> {
  const news = await newsOf(server, who);
  return news.map(({ name, contact }) => `${name} ${contact?.state ?? ""}`.trim());
}
