import {
  assetsForgottenAnswerCodec,
  assetsForgottenCodec,
  batchAnswerCodec,
  batchCodec,
  ephemeralAnswerCodec,
  ephemeralBatchCodec,
  DIRECTORY_PATH,
  identifierRequestCodec,
  identifierResponseCodec,
  keyMaterialRequestCodec,
  keyMaterialResponseCodec,
  LIMITS,
  parseRoomUri,
  parseUserUri,
  Refusal,
  signedClientListCodec,
  submissionAnswersCodec,
  submissionBatchCodec,
  submitMessageRequestCodec,
  submitMessageResponseCodec,
} from "@treehouse/protocol";
import type {
  Batch,
  Bytes,
  DirectoryDocument,
  Domain,
  EndpointName,
  ItemBody,
  RoomUri,
  SignedClientList,
  SubmissionAnswer,
  UserUri,
} from "@treehouse/protocol";
import { Member } from "../clients/member.ts";
import { createPerson, vouchFor } from "../clients/person.ts";
import type { Driver } from "../driver.ts";
import type { Answer } from "../http/answer.ts";
import { judgeAnswer } from "../judge-answer.ts";
import type { Monitor } from "../monitor.ts";
import type { HubRoom } from "../rooms/hub-room.ts";
import type { SigningKey } from "../../signing-keys.ts";
import type { Subject } from "../subject.ts";
import { peerCall } from "./ask.ts";
import type { Question } from "./ask.ts";
import { countersignerKid, directoryOf, endpointAt } from "./directory.ts";
import type { PeerHost, ReceivedRequest, Reply, Resident } from "./host.ts";
import { IncomingStream } from "./incoming-stream.ts";
import { judgeRequest } from "./judge-request.ts";
import { peerSigningKey } from "./peer-key.ts";
import type { PeerKey } from "./peer-key.ts";
import { OutgoingStream } from "./outgoing-stream.ts";
import { json, octets, refusal, tls } from "./reply.ts";
import type { Whole } from "./reply.ts";

export interface PeerContext {
  readonly subject: Subject;
  readonly monitor: Monitor;
  readonly host: PeerHost;
  readonly driver: Driver;
  /** Gives all keys of the suite's servers. */
  readonly seed: Bytes;
}

/** A request to one endpoint of one of the suite's servers. */
export interface EndpointRequest extends ReceivedRequest {
  readonly endpoint: EndpointName;
  /** Of the endpoint's variable. */
  readonly value: string | undefined;
}

/** Answers in its own way, or as usual. */
export type Script = (
  request: EndpointRequest,
  usual: () => Promise<Reply>,
) => Promise<Reply> | Reply;

/** A user of one of the suite's servers. */
export class PeerUser extends Member {
  /** As the server gives it to others. */
  clientList: SignedClientList;
  /** Whose requests for KeyPackages are answered; nobody else has consent. */
  readonly lets = new Set<UserUri>();

  constructor(peer: PeerServer, name: string, driver: Driver) {
    const person = createPerson(peer.domain, name);
    const { clientList, identity } = vouchFor(person, peer.countersigner, countersignerKid);
    super(person, identity, driver);
    this.clientList = clientList;
  }
}

const dayMs = 86_400_000;

/** A homeserver that the suite plays: honest, unless a check says otherwise. */
export class PeerServer implements Resident {
  readonly domain: Domain;
  readonly countersigner: SigningKey;
  /** Those that the directory lists; the first one signs. */
  keys: readonly PeerKey[];
  /** Changes what the directory says. */
  alter: (document: DirectoryDocument) => unknown = (document) => document;
  /** Answers the directory in another way altogether. */
  directory: (() => Reply | Promise<Reply>) | undefined;
  directoryRequests = 0;
  /** Other pages by their paths, and what was asked for that is no endpoint. */
  readonly pages = new Map<string, () => Reply>();
  readonly visits: string[] = [];
  readonly scripts = new Map<EndpointName, Script>();
  readonly received: EndpointRequest[] = [];
  readonly users = new Map<UserUri, PeerUser>();
  /** The rooms of which this server is the hub. */
  readonly rooms = new Map<RoomUri, HubRoom>();
  /** What the tested server has sent by itself. */
  readonly incoming = new IncomingStream();
  /** What is sent to the tested server. */
  readonly outgoing: OutgoingStream = new OutgoingStream(this);
  readonly #context: PeerContext;
  readonly #nonces = new Set<string>();

  constructor(context: PeerContext, domain: Domain) {
    this.#context = context;
    this.domain = domain;
    this.countersigner = peerSigningKey(context.seed, domain, countersignerKid);
    this.keys = [this.key("key-1")];
    context.host.add(domain, this);
  }

  /** A key of this server under that id; valid from a day ago on unless it is said otherwise. */
  key(kid: string, change: Partial<Pick<PeerKey, "notBefore" | "exp">> = {}): PeerKey {
    return {
      kid,
      signing: peerSigningKey(this.#context.seed, this.domain, kid),
      notBefore: Date.now() - dayMs,
      exp: undefined,
      certificate: undefined,
      ...change,
    };
  }

  get signingKey(): PeerKey {
    const [first] = this.keys;
    return first ?? this.key("key-1");
  }

  user(name: string): PeerUser {
    const user = new PeerUser(this, name, this.#context.driver);
    this.users.set(user.user, user);
    return user;
  }

  /** A signed request to the tested server. */
  async ask(question: Question): Promise<Answer> {
    const { subject, monitor } = this.#context;
    const call = peerCall(subject, this.domain, this.signingKey, question);
    const answer = await subject.servers.send(call);
    const sent = call.headers.filter(([name]) => /^(mimi-|signature)/.test(name));
    judgeAnswer(monitor, answer, [this.domain, ...sent.map(([, value]) => value)]);
    return answer;
  }

  requests(endpoint: EndpointName): readonly EndpointRequest[] {
    return this.received.filter((request) => request.endpoint === endpoint);
  }

  async receive(request: ReceivedRequest): Promise<Reply> {
    if (request.method === "GET" && request.path === DIRECTORY_PATH) {
      this.directoryRequests += 1;
      return this.directory?.() ?? this.usualDirectory();
    }
    const found = endpointAt(request.path);
    if (found === undefined) {
      this.visits.push(request.path);
      return this.pages.get(request.path)?.() ?? refusal("notFound");
    }
    judgeRequest(this.#context, this.domain, request, this.#nonces);
    const known = { ...request, ...found };
    this.received.push(known);
    const usual = async (): Promise<Reply> => this.#usual(known);
    return this.scripts.get(found.endpoint)?.(known, usual) ?? usual();
  }

  usualDirectory(): Whole {
    return json(this.alter(directoryOf(this.domain, this.keys, this.countersigner)));
  }

  async #usual(request: EndpointRequest): Promise<Reply> {
    try {
      return await this.#answer(request);
    } catch (error) {
      if (error instanceof Refusal) return refusal(error.code);
      throw error;
    }
  }

  async #answer({ endpoint, body, at, value }: EndpointRequest): Promise<Reply> {
    switch (endpoint) {
      case "notify": {
        const batch = batchCodec.decode(body);
        this.#context.monitor.judge("FED-944", faultOfBatch(batch));
        return tls(batchAnswerCodec, this.incoming.take({ batch, octets: body, at }));
      }
      case "identifierQuery": {
        const { user } = identifierRequestCodec.decode(body);
        return this.#listOf(user);
      }
      case "keyMaterial":
        return this.#keyMaterial(body, parseUserUri(value ?? ""));
      case "submitMessage":
        return this.#submissions(body);
      case "tree":
        return this.#roomOf(value).tree();
      case "events":
        return this.#roomOf(value).events(body);
      case "ephemeral":
        ephemeralBatchCodec.decode(body);
        return tls(ephemeralAnswerCodec, {});
      case "asset":
        return refusal("notFound");
      case "assetsForgotten":
        assetsForgottenCodec.decode(body);
        return tls(assetsForgottenAnswerCodec, {});
      case "update":
      case "groupInfo":
      case "leave":
      case "standing":
      case "hubOffer":
      case "takeOver":
        return refusal("unknownRoom");
    }
  }

  #roomOf(value: string | undefined): HubRoom {
    const room = this.rooms.get(parseRoomUri(value ?? ""));
    if (room === undefined) throw new Refusal("unknownRoom", "no such room");
    return room;
  }

  /** Accepts all messages for its rooms; the entries go out by themselves. */
  async #submissions(body: Bytes): Promise<Reply> {
    const answers: SubmissionAnswer[] = [];
    const items: ItemBody[] = [];
    for (const { room, request } of submissionBatchCodec.decode(body).items) {
      const hub = this.#roomOf(room);
      const { message } = submitMessageRequestCodec.decode(request);
      items.push({ kind: "entry", ...hub.message(message) });
      const response = submitMessageResponseCodec.encode({
        status: "accepted",
        acceptedAt: Date.now(),
        position: hub.position,
        frank: undefined,
      });
      answers.push({ status: "answered", response });
    }
    void this.outgoing.deliver(items).catch(() => {});
    return tls(submissionAnswersCodec, { answers });
  }

  #listOf(user: UserUri): Reply {
    const known = this.users.get(user);
    if (known === undefined) return tls(identifierResponseCodec, { status: "notFound" });
    return tls(identifierResponseCodec, {
      status: "success",
      clientList: signedClientListCodec.encode(known.clientList),
      countersigners: [{ kid: countersignerKid, key: this.countersigner.publicKey }],
    });
  }

  async #keyMaterial(body: Bytes, target: UserUri): Promise<Reply> {
    const { requestingUser } = keyMaterialRequestCodec.decode(body);
    const user = this.users.get(target);
    if (user?.lets.has(requestingUser) !== true) {
      return tls(keyMaterialResponseCodec, { status: "noConsent", user: target, clients: [] });
    }
    const keyPackage = await user.keyPackage();
    return octets(
      keyMaterialResponseCodec.encode({
        status: "success",
        user: target,
        clients: [{ status: "success", client: user.client, keyPackage }],
      }),
    );
  }
}

function faultOfBatch({ items }: Batch): string | undefined {
  const length = items.reduce((sum, { body }) => sum + body.length, 0);
  return items.length > 1 && length > LIMITS.batchBytesMax
    ? `a batch of ${items.length} items has ${length} octets`
    : undefined;
}
