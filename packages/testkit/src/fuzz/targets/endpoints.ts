import {
  type Bytes,
  type ClientFrame,
  clientFrameCodec,
  type Domain,
  fromHex,
  paths,
  peerRoutes,
  utf8Encode,
} from "@treehouse/protocol";
import { loadVectors } from "../../../../../federation-spec/src/index.ts";
import { askGroupInfo } from "../../../../../homeserver/test/delivery/external.ts";
import { enrolPerson, type Person } from "../../../../../homeserver/test/delivery/person.ts";
import {
  openPair,
  prepareFounding,
  reserve,
} from "../../../../../homeserver/test/delivery/rooms.ts";
import type { Rig } from "../../../../../homeserver/test/delivery/rig.ts";
import { rigOf } from "../../../../../homeserver/test/hostile/rig-of.ts";
import {
  operationsOf,
  startWholeServer,
  type WholeServer,
} from "../../../../../homeserver/test/hostile/whole-server.ts";
import { askAs, openRawPeer } from "../../../../../homeserver/test/peers/raw-peer.ts";
import { Device, type Socket } from "../../../../../homeserver/test/streams/stream-client.ts";
import type { OpenTarget, Target } from "../target.ts";
import { exampleOf } from "./example-of.ts";
import { decodeRequest, encodeRequest, requestForm } from "./request-form.ts";

/** So much time passes for the limits of rates with each request: they are not what is tried here. */
const stepMs = 2_000;

async function openServer(peers?: ReadonlyMap<Domain, URL>) {
  let passed = 0;
  const server = await startWholeServer({
    passedMs: () => (passed += stepMs),
    ...(peers === undefined ? {} : { peers }),
  });
  let faults = 0;
  return {
    server,
    /** The server itself says that something is wrong with it. */
    checkFaults(): void {
      const all = server.faults();
      if (all.length === faults) return;
      faults = all.length;
      throw new Error(`the server logs a fault: ${all.at(-1)?.slice(0, 600) ?? ""}`);
    },
  };
}

/** Requests of somebody's own, as sent by an honest client of a room with two members. */
async function honestBodies(rig: Rig, alice: Person) {
  const [bob, carol] = [await enrolPerson(rig, "bob"), await enrolPerson(rig, "carol")];
  const [a] = await openPair(alice, bob);
  const reserved = await reserve(alice);
  return {
    room: a.room,
    reserved: reserved.room,
    message: await a.seal("seed"),
    update: a.bundle(await a.prepare({ add: [await carol.keyPackage()] })),
    groupInfo: askGroupInfo(alice, a.room).request,
    found: (await prepareFounding(alice, reserved)).request,
  };
}

export const clientApiTarget: Target = {
  name: "client-api",
  dear: true,
  reads: "every operation of the client API, over HTTP: paths, queries, JSON and TLS bodies",
  async open() {
    const { server, checkFaults } = await openServer();
    const rig = rigOf(server);
    const alice = await enrolPerson(rig, "alice");
    const bodies = await honestBodies(rig, alice);
    let mallory = await server.enrol("mallory-0", true);
    let ended = 0;
    return {
      seeds: await clientSeeds(server, bodies),
      form: requestForm,
      async judge(input) {
        const request = decodeRequest(input);
        const asked = request && split(request.operation, request.part);
        if (request === undefined || asked === undefined) return "no request";
        const { method, path } = asked;
        const response = await fetch(
          `${server.url}${path}?${encodeURI(request.query.toWellFormed())}`,
          {
            method,
            headers: {
              ...(request.known ? { authorization: `Bearer ${mallory.token}` } : {}),
              "content-type": headerOf(request.mediaType),
            },
            ...(method === "GET" ? {} : { body: request.body }),
          },
        );
        const text = await response.text();
        checkFaults();
        // 501: what the operator of this server has not set up.
        if (response.status >= 500 && response.status !== 501)
          throw new Error(`${request.operation}: ${text.slice(0, 300)}`);
        // Some operations end the session, or the account with it.
        if (request.known && response.status === 401 && text.includes("sessionEnded")) {
          mallory = await server.enrol(`mallory-${(ended += 1)}`, true);
        }
        return `${request.operation} ${response.status}`;
      },
      close: () => server[Symbol.asyncDispose](),
    };
  },
};

async function clientSeeds(
  server: WholeServer,
  bodies: Awaited<ReturnType<typeof honestBodies>>,
): Promise<readonly Bytes[]> {
  const someone = await server.enrol("someone");
  const known = {
    user: someone.user,
    client: someone.client,
    room: bodies.room,
    mailbox: "7K2M",
    template: "group",
    name: "somebody",
  };
  const bodyOf: Readonly<Record<string, Bytes>> = {
    "/v1/rooms/{room}/messages": bodies.message,
    "/v1/rooms/{room}/update": bodies.update,
    "/v1/rooms/{room}/group-info": bodies.groupInfo,
    "/v1/rooms/{room}/found": bodies.found,
  };
  const document: unknown = await (await fetch(`${server.url}${paths.openapi()}`)).json();
  const operations = await operationsOf(server.url);
  return operations.map(({ method, path, mediaType }) => {
    const schema = ["paths", path, method.toLowerCase(), "requestBody", "content", mediaType ?? ""]
      .concat("schema")
      .reduce((value: unknown, key) => Object(value)[key], document);
    const part = path.includes("{address}") ? "someone@example.org" : bodies.room;
    return encodeRequest({
      operation: `${method} ${path}`,
      part: path.endsWith("found") ? bodies.reserved : part,
      query: path.endsWith("tree") ? "epoch=1" : "after=0&limit=2",
      known: true,
      mediaType: mediaType ?? "",
      body: bodyOf[path] ?? utf8Encode(JSON.stringify(exampleOf(schema, known)) ?? ""),
    });
  });
}

/** Only what the server can be asked over HTTP at all. */
function split(operation: string, part: string) {
  const [method, template, ...rest] = operation.split(" ");
  if (method === undefined || template === undefined || rest.length > 0) return undefined;
  if (!/^(GET|POST|PUT|DELETE|PATCH)$/.test(method) || !template.startsWith("/")) return undefined;
  const segment = encodeURIComponent(part.toWellFormed());
  const path = encodeURI(template.toWellFormed().replaceAll(/\{\w+\}/g, () => segment));
  return { method, path: path.replaceAll("%25", "%").replaceAll(/[?#\\]/g, "") };
}

function headerOf(text: string): string {
  return text.replaceAll(/[^\x21-\x7e ]/g, "").trim() || "application/json";
}

const vectorOfEndpoint: Readonly<Record<string, string>> = {
  keyMaterial: "KeyMaterialRequest",
  update: "UpdateRequest",
  notify: "Batch",
  submitMessage: "SubmissionBatch",
  groupInfo: "GroupInfoRequest",
  tree: "TreeRequest",
  leave: "LeaveRequest",
  ephemeral: "EphemeralBatch",
  asset: "AssetRequest",
  assetsForgotten: "AssetsForgotten",
  hubOffer: "HubOfferRequest",
  takeOver: "TakeOverRequest",
  events: "EventsRequest",
  standing: "StandingRequest",
  identifierQuery: "IdentifierRequest",
  clientLists: "ClientListsRequest",
};

export const peerApiTarget: Target = {
  name: "peer-api",
  dear: true,
  reads: "every endpoint for other servers, whose requests are signed as they should be",
  async open() {
    const network = new Map<Domain, URL>();
    const peer = await openRawPeer("mallory.example", network);
    const { server, checkFaults } = await openServer(network);
    const rig = rigOf(server);
    const alice = await enrolPerson(rig, "alice");
    const bodies = await honestBodies(rig, alice);
    const target = { url: server.url, domain: rig.domain, now: () => Date.now() };
    const vectors = loadVectors().flatMap((family) => family.vectors);
    const routes: Readonly<Record<string, string>> = peerRoutes;
    return {
      seeds: Object.entries(routes).flatMap(([endpoint, route]) => {
        const own = { update: bodies.update, groupInfo: bodies.groupInfo }[endpoint];
        const made = vectors
          .filter(({ struct }) => struct === vectorOfEndpoint[endpoint])
          .map(({ hex }) => fromHex(hex));
        return [...(own === undefined ? [] : [own]), ...made, new Uint8Array(0)].map((body) =>
          encodeRequest({
            operation: `POST ${route}`,
            part: route.includes("{roomId}") ? bodies.room : alice.user,
            query: "",
            known: true,
            mediaType: "",
            body,
          }),
        );
      }),
      form: requestForm,
      async judge(input) {
        const request = decodeRequest(input);
        const asked = request && split(request.operation, request.part);
        if (request === undefined || asked === undefined) return "no request";
        const options = { path: asked.path, body: request.body };
        let answer: Awaited<ReturnType<typeof askAs>>;
        try {
          answer = await askAs(peer, target, options);
        } catch (error) {
          // What no signature covers is not sent.
          if (error instanceof RangeError) return "not to be signed";
          throw error;
        }
        checkFaults();
        if (answer.status >= 500)
          throw new Error(`${request.operation}: ${answer.body.toString()}`);
        return `${request.operation} ${answer.status} ${answer.refusal?.code ?? ""}`.trim();
      },
      async close() {
        await server[Symbol.asyncDispose]();
        await peer[Symbol.asyncDispose]();
      },
    };
  },
};

export const socketTarget: Target = {
  name: "sockets",
  dear: true,
  reads: "the frames that a client sends over its WebSocket",
  async open(): Promise<OpenTarget> {
    const { server, checkFaults } = await openServer();
    const rig = rigOf(server);
    const alice = await enrolPerson(rig, "alice");
    const { room, message, update } = await honestBodies(rig, alice);
    const device = new Device(server.url, alice.client, alice.token);
    let socket: Socket | undefined;
    let pings = 0;
    const frames: readonly ClientFrame[] = [
      { type: "submit", requestId: 1, room, request: message },
      { type: "update", requestId: 2, room, request: update },
    ];
    const vectors = loadVectors().flatMap(({ vectors: all }) =>
      all.filter(({ struct }) => struct === "ClientFrame").map(({ hex }) => fromHex(hex)),
    );
    return {
      seeds: [...frames.map((frame) => clientFrameCodec.encode(frame)), ...vectors],
      form: {
        decode: (input) => clientFrameCodec.decode(input),
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the encoder refuses the rest.
        encode: (value) => clientFrameCodec.encode(value as ClientFrame),
      },
      async judge(input) {
        socket ??= await device.connect();
        const open = socket;
        const before = open.frames.length;
        open.raw.send(input);
        // The server answers in order: what comes before the pong is what it has to say to this.
        const answered = new Promise<void>((resolve) => open.raw.once("pong", () => resolve()));
        open.raw.ping(String((pings += 1)));
        const ending = await Promise.race([answered, open.ended]);
        checkFaults();
        if (ending !== undefined) {
          socket = undefined;
          if (ending.code === 1011) throw new Error(`the socket ends: ${ending.reason}`);
          return `ended ${ending.code}`;
        }
        const answer = open.frames[before];
        if (answer?.type === "refused" && answer.code === "internal") {
          throw new Error("the frame is answered by a fault");
        }
        if (open.frames.length > 5_000) {
          await open.close();
          socket = undefined;
        }
        return answer?.type === "refused" ? `refused ${answer.code}` : (answer?.type ?? "nothing");
      },
      close: () => server[Symbol.asyncDispose](),
    };
  },
};
