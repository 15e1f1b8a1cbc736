import {
  acknowledgementCodec,
  contactsAnswerSchema,
  entriesPageCodec,
  formatAddress,
  inboxEntryCodec,
  keyPackagesAnswerSchema,
  keyPackageUploadCodec,
  MEDIA_TYPE_JSON,
  MEDIA_TYPE_TLS,
  paths,
  utf8Encode,
} from "@treehouse/protocol";
import type {
  Bytes,
  Contact,
  InboxEntry,
  RoomUri,
  SignedClientList,
  StreamUri,
  UserUri,
} from "@treehouse/protocol";
import type { Driver, MlsIdentity } from "../driver.ts";
import type { Answer } from "../http/answer.ts";
import type { Header } from "../http/send.ts";
import type { Monitor } from "../monitor.ts";
import { judgeAnswer } from "../judge-answer.ts";
import { agree, present } from "../outcome.ts";
import type { Subject } from "../subject.ts";
import { Member } from "./member.ts";
import type { Person } from "./person.ts";

export interface ClientContext {
  readonly subject: Subject;
  readonly monitor: Monitor;
}

interface AccountParts {
  readonly person: Person;
  readonly identity: MlsIdentity;
  readonly driver: Driver;
  readonly token: string;
  readonly clientList: SignedClientList;
}

/** How often a client asks again when it is told to wait, and for how long it does. */
const triesMax = 5;
const waitMost = 5_000;

/** A user of the tested server with one client and a session. */
export class Account extends Member {
  readonly clientList: SignedClientList;
  admin = false;
  /** How far the inbox was acknowledged. */
  inboxPosition = 0;
  readonly #context: ClientContext;
  readonly #token: string;

  constructor(
    context: ClientContext,
    { person, identity, driver, token, clientList }: AccountParts,
  ) {
    super(person, identity, driver);
    this.#context = context;
    this.#token = token;
    this.clientList = clientList;
  }

  get(path: string): Promise<Answer> {
    return this.ask("GET", path);
  }

  /**
   * A request of the client API; a body of octets is TLS-encoded unless the headers say otherwise, and
   * any other is JSON.
   */
  async ask(
    method: string,
    path: string,
    body?: Uint8Array | object,
    more: readonly Header[] = [],
  ): Promise<Answer> {
    const { clients } = this.#context.subject;
    const binary = body instanceof Uint8Array;
    const headers: Header[] = [
      ["host", clients.host],
      ["authorization", `Bearer ${this.#token}`],
      ...more,
    ];
    if (body !== undefined && !more.some(([name]) => name === "content-type"))
      headers.push(["content-type", binary ? MEDIA_TYPE_TLS : MEDIA_TYPE_JSON]);
    const octets = body === undefined || binary ? body : utf8Encode(JSON.stringify(body));
    for (let left = triesMax; ; left -= 1) {
      const answer = await clients.send({ method, path, headers, body: octets });
      judgeAnswer(this.#context.monitor, answer, []);
      const wait = answer.code === "rateLimited" ? answer.member("retryAfterMs") : undefined;
      if (left === 0 || typeof wait !== "number" || wait > waitMost) return answer;
      await new Promise((resolve) => {
        setTimeout(resolve, wait);
      });
    }
  }

  /** Puts new KeyPackages into the stock. */
  async stockUp(count: number): Promise<void> {
    const made: { keyPackage: Bytes; lastResort: boolean }[] = [];
    for (let at = 0; at < count; at++) {
      made.push({ keyPackage: await this.keyPackage(), lastResort: false });
    }
    const answer = await this.ask("POST", paths.keyPackages(), keyPackageUploadCodec.encode(made));
    answer.ok("an upload of KeyPackages");
  }

  async stock(): Promise<number> {
    return keyPackagesAnswerSchema.parse((await this.get(paths.keyPackages())).json).stock;
  }

  async contacts(): Promise<readonly Contact[]> {
    const answer = (await this.get(paths.contacts())).ok("the list of contacts");
    return contactsAnswerSchema.parse(answer.json).contacts;
  }

  async contact(user: UserUri): Promise<Contact | undefined> {
    return (await this.contacts()).find((each) => each.user === user);
  }

  /** One of the acts on a contact, which must succeed. */
  async toContact(
    act: "contactRequest" | "contactAccept" | "contactDecline" | "contactBlock" | "contactUnblock",
    user: UserUri,
    body: object = {},
  ): Promise<Answer> {
    return (await this.ask("POST", paths[act](formatAddress(user)), body)).ok(act);
  }

  async withdraw(user: UserUri): Promise<Answer> {
    return (await this.ask("DELETE", paths.contact(formatAddress(user)))).ok("a withdrawal");
  }

  /** Entries of a stream after a position, behind a gap if there is one (FED-420). */
  async entries(stream: StreamUri, after: number): Promise<readonly Bytes[]> {
    const answer = await this.get(paths.entries(stream, { after, limit: 256 }));
    const oldest = answer.code === "positionGone" ? answer.member("oldest") : undefined;
    if (typeof oldest === "number" && oldest > after + 1) return this.entries(stream, oldest - 1);
    return answer.struct("a page of entries", entriesPageCodec).entries;
  }

  async inbox(after: number = this.inboxPosition): Promise<readonly InboxEntry[]> {
    const entries = await this.entries(this.client, after);
    return entries.map((bytes) => inboxEntryCodec.decode(bytes));
  }

  /** The Welcome into the room, if there is one in the inbox. */
  async welcomeOf(room: RoomUri) {
    const welcomes = (await this.inbox(0)).filter((entry) => entry.kind === "welcome");
    return welcomes.findLast(({ welcome }) => welcome.room === room);
  }

  async acknowledge(stream: StreamUri, position: number): Promise<void> {
    const cursors = acknowledgementCodec.encode([{ stream, position }]);
    (await this.ask("POST", paths.acknowledgements(), cursors)).ok("an acknowledgement");
    if (stream === this.client) this.inboxPosition = position;
  }

  /** Everything of this user that the client API shows, as text. */
  async snapshot(): Promise<string> {
    const reads = [paths.rooms(), paths.subscriptions(), paths.keyPackages(), paths.contacts()];
    const parts: string[] = [];
    for (const path of reads) {
      const answer = (await this.get(path)).ok(path);
      parts.push(`${path} ${JSON.stringify(answer.json)}`);
    }
    return parts.join("\n");
  }
}

/** Fails if the acts changed anything that these users see. */
export async function unchanged(
  accounts: readonly Account[],
  acts: () => Promise<void>,
): Promise<void> {
  const seen = async (): Promise<readonly string[]> => {
    const all: string[] = [];
    for (const account of accounts) all.push(...(await account.snapshot()).split("\n"));
    return all;
  };
  const before = await seen();
  await acts();
  const after = await seen();
  for (const [at, line] of before.entries()) {
    agree(
      "what the server shows after a refusal",
      present(after[at], "a snapshot is shorter"),
      line,
    );
  }
}
