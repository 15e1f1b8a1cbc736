import {
  directorySchema,
  endpointNames,
  identifierRequestCodec,
  LIMITS,
  MEDIA_TYPE_JSON,
  paths,
  PROFILE,
} from "@treehouse/protocol";
import type { Directory, DirectoryDocument } from "@treehouse/protocol";
import type { Answer } from "../http/answer.ts";
import { agree, ensure, Failed } from "../outcome.ts";
import type { PeerLabel } from "../peers/labels.ts";
import { rule } from "../rule.ts";
import type { Rule } from "../rule.ts";
import type { World } from "../world.ts";
import { knockAndEnter, refuses } from "./knock.ts";

/** What a server tells of itself, and what it makes of what others tell. */
export const directoryRules: readonly Rule[] = [
  rule("FED-902", "the directory says who the server is, in its form", {
    "is JSON of at most 64 KiB at its well-known path": ({ subject }) => {
      const { directoryAnswer: answer } = subject;
      ensure(answer.status === 200, `the directory: ${answer.describe()}`);
      agree("the media type of the directory", answer.mediaType, MEDIA_TYPE_JSON);
      const { length } = answer.body;
      ensure(length <= LIMITS.directoryBytesMax, `the directory has ${length} octets`);
    },
    "has its form": ({ subject }) => {
      const parsed = directorySchema.safeParse(subject.directoryAnswer.json);
      const places = parsed.error?.issues.map(({ path }) => path.map(String).join("."));
      ensure(parsed.success, `the directory is wrong in ${places?.join(", ")}`);
    },
    "names the server's domain": (world) => {
      agree("the domain in the directory", directory(world).domain, world.subject.domain);
    },
    "lists a key that is valid now": (world) => {
      const now = Date.now();
      const valid = directory(world).keys.filter(
        ({ notBefore, exp }) => notBefore <= now && (exp === undefined || now < exp),
      );
      ensure(valid.length > 0, "the directory lists no key that is valid now");
    },
    "lists the keys that countersign client lists": async (world) => {
      const { clientList } = await world.account("alice");
      const { countersigners } = directory(world);
      const known = countersigners.some(({ kid }) => kid === clientList.countersigner);
      ensure(known, `the directory does not list the countersigner ${clientList.countersigner}`);
    },
    "a directory that names another domain is not believed": (world) =>
      disbelieves(world, "misnamed", (document) => ({ ...document, domain: "other.test" })),
    "a directory out of its form is not believed": (world) =>
      disbelieves(world, "formless", ({ limits, ...document }) => ({
        ...document,
        limits: { ...limits, maxBody: "much" },
      })),
  }),
  rule("FED-904", "URL templates lead to the directory's own host", {
    "each is an absolute HTTPS URL on the host, with its variable once": (world) => {
      for (const name of endpointNames) {
        const text = directory(world).endpoints[name];
        // Only who has the capability has the endpoint.
        if (text === undefined) continue;
        const url = URL.parse(text);
        if (url === null) throw new Failed(`the template of ${name} is no URL`);
        agree(`the scheme of ${name}`, url.protocol, "https:");
        agree(`the host of ${name}`, url.hostname, world.subject.domain);
        const rest = [url.username, url.password, url.search, url.hash];
        agree(`user information, query and fragment of ${name}`, rest, ["", "", "", ""]);
      }
    },
    "a template that leads to another host is not followed": (world) =>
      disbelieves(world, "elsewhere", ({ endpoints, ...document }) => ({
        ...document,
        endpoints: { ...endpoints, notify: "https://other.test/notify" },
      })),
    "a template without TLS is not followed": (world) =>
      disbelieves(world, "plain", ({ endpoints, ...document }) => ({
        ...document,
        endpoints: { ...endpoints, notify: `http://${document.domain}/notify` },
      })),
    "a template with its variable twice is not followed": (world) =>
      disbelieves(world, "doubled", ({ endpoints, ...document }) => ({
        ...document,
        endpoints: { ...endpoints, update: `${endpoints.update}/{roomId}` },
      })),
  }),
  rule("FED-918", "servers speak the highest version that both list", {
    "its own versions are of the form, its profile among them": (world) => {
      const { profile, versions } = directory(world);
      ensure(versions.includes(profile), `the versions leave out the profile ${profile}`);
      ensure(versions.includes(PROFILE), `the versions leave out ${PROFILE}, which is tested here`);
    },
    "versions that it does not know are passed over": async (world) => {
      world.peer("later").alter = (document) => ({
        ...document,
        profile: "mimi-99+1",
        versions: ["a version of another form", "mimi-99+1", "mimi-06+7", PROFILE],
      });
      await knockAndEnter(world, await world.knownPeer("later"));
    },
    "without a common version nothing is asked of a server": async (world) => {
      const peer = stranger(world);
      const answer = await lookUp(world, peer.domain);
      answer.refused("a look-up there", "versionUnsupported", "peerUnreachable");
      agree("requests to it", peer.received.length, 0);
    },
    "without a common version nothing is taken from a server": async (world) => {
      await refuses(world, stranger(world), { "a request": [{}, "versionUnsupported"] });
    },
  }),
  rule("FED-919", "what a directory has beyond the known is passed over", {
    "unknown members, endpoints, capabilities and kinds of key": async (world) => {
      world.peer("extended").alter = (document) => ({
        ...document,
        surprise: { nested: [1, 2, 3] },
        capabilities: [...document.capabilities, "telepathy"],
        keys: [...document.keys, { kid: "later", kty: "AKP", alg: "ML-DSA-44", pub: "AAAA" }],
        endpoints: { ...document.endpoints, telepathy: `https://${document.domain}/telepathy` },
        limits: { ...document.limits, patience: 1 },
      });
      await knockAndEnter(world, await world.knownPeer("extended"));
    },
    "what it says that it can, it can": async (world) => {
      const peer = await world.knownPeer("a");
      const { capabilities } = directory(world);
      const { domain } = world.subject;
      const body = identifierRequestCodec.encode({ user: world.nobody() });
      (await peer.ask({ endpoint: "identifierQuery", value: domain, body })).ok("a look-up");
      if (!capabilities.includes("batches")) return;
      await peer.outgoing.deliver([]);
    },
  }),
];

function directory({ subject }: World): Directory {
  if (subject.directory === undefined) throw new Failed("the directory cannot be read");
  return subject.directory;
}

/** A request of a server with such a directory is refused, as its key cannot be found. */
async function disbelieves(
  world: World,
  label: PeerLabel,
  alter: (document: DirectoryDocument) => unknown,
): Promise<void> {
  await world.knownPeer("a");
  const peer = world.peer(label);
  peer.alter = alter;
  await refuses(world, peer, { "a request of it": [{}, "peerUnknown"] });
  ensure(peer.directoryRequests > 0, "its directory was not asked for");
}

function stranger(world: World) {
  const peer = world.peer("foreign");
  peer.alter = (document) => ({ ...document, profile: "mimi-99+1", versions: ["mimi-99+1"] });
  return peer;
}

/** Asks as a client for a user of another server. */
export async function lookUp(world: World, domain: string, name = "somebody"): Promise<Answer> {
  const alice = await world.account("alice");
  return alice.get(paths.user(`${name}@${domain}`));
}
