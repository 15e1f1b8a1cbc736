import {
  identifierRequestCodec,
  identifierResponseCodec,
  LIMITS,
  mintRoomUri,
  NetworkFault,
  Refusal,
  refusalTable,
  standingRequestCodec,
  userUri,
} from "@treehouse/protocol";
import type { Directory, Domain, ProbeAnswer, ProbeStep } from "@treehouse/protocol";
import type { PeersContext } from "./context.ts";
import { versionWith } from "./directory.ts";
import { checkNotFrozen, refetch } from "./discover.ts";
import { ContactFault } from "./outbound/fault.ts";
import type { ContactStage } from "./outbound/fault.ts";
import type { PeerState } from "./peer-state.ts";
import { exchange, refusalOf } from "./post.ts";

type Steps = ProbeStep[];

const timeoutMs = 10_000;
/** Beyond it a clock is worth a word, though nothing fails yet. */
const skewNoticedMs = 10_000;

/**
 * Finds a server as if for the first time and asks it something that changes nothing, telling each
 * step. It goes as far as it can: what failed is the last step, or stands beside what worked.
 */
export async function probe(context: PeersContext, domain: Domain): Promise<ProbeAnswer> {
  const steps: Steps = [];
  const answer = (): ProbeAnswer => {
    return { domain, works: !steps.some(({ result }) => result === "failed"), steps };
  };
  if (domain === context.domain) {
    steps.push(failed("name", "this is the domain of this server", "Name another server."));
    return answer();
  }
  if (!checkPolicy(context, domain, steps)) return answer();
  if (!(await checkConnection(context, domain, steps))) return answer();
  const state = context.book.find(domain);
  const directory = await checkDirectory(context, state, steps);
  if (directory !== undefined) await checkSignedRequest(context, state, directory, steps);
  return answer();
}

function checkPolicy({ policy }: PeersContext, domain: Domain, steps: Steps): boolean {
  const { verdict, rule } = policy.judge(domain);
  const why = rule === undefined ? `federation.mode = "${policy.mode}"` : `rule ${rule.subject}`;
  if (verdict !== "deny") {
    steps.push(ok("policy", verdict === "limit" ? `limited (${why})` : `allowed (${why})`));
    return true;
  }
  steps.push(
    failed("policy", `not allowed (${why})`, `Allow it with: treehouse fed allow ${domain}`),
  );
  return false;
}

async function checkConnection(
  { env, open, development }: PeersContext,
  domain: Domain,
  steps: Steps,
): Promise<boolean> {
  const url = development.get(domain);
  if (url !== undefined) {
    steps.push(skipped("name", `development: reached at ${url.origin}`));
    steps.push(skipped("address", "development: loopback"));
  }
  const controller = new AbortController();
  const cancel = env.timer(timeoutMs, () => controller.abort());
  try {
    let isSecure = false;
    const socket = await open({ domain, port: 443 }, controller.signal, {
      resolved(addresses) {
        steps.push(ok("name", addresses.join(", ")), ok("address", "public"));
      },
      connected: (address) => void steps.push(ok("connection", `to ${address}`)),
      secured(secured) {
        isSecure = true;
        const { issuer, valid_to } = secured.getPeerCertificate();
        const by = issuer.O ?? issuer.CN;
        steps.push(ok("certificate", `by ${[by].flat()[0] ?? "?"}, until ${valid_to}`));
      },
    });
    if (!isSecure) steps.push(skipped("certificate", "development: plain HTTP"));
    socket.destroy();
    return true;
  } catch (error) {
    if (!(error instanceof ContactFault)) throw error;
    const ofDevelopment = url && `Start it, or correct federation.development.peers: ${url.origin}`;
    const fix = ofDevelopment ?? connectionFixes[error.stage];
    steps.push(failed(stepOf[error.stage], error.message, fix));
    return false;
  } finally {
    cancel();
  }
}

async function checkDirectory(
  context: PeersContext,
  state: PeerState,
  steps: Steps,
): Promise<Directory | undefined> {
  try {
    await refetch(context, state);
    if (state.record.frozenAt === undefined) steps.push(ok("directory", "in its form"));
    checkNotFrozen(state);
  } catch (error) {
    if (error instanceof Refusal && error.code === "peerKeyChanged") {
      const kids = state.record.offered.map(({ kid }) => kid).join(", ");
      steps.push(failed("key", `it shows a key that nothing vouches for: ${kids}`, keyFix(state)));
      return undefined;
    }
    if (!(error instanceof NetworkFault) && !(error instanceof Refusal)) throw error;
    steps.push(failed("directory", error.message, directoryFix));
    return undefined;
  }
  const document = state.directory?.document;
  if (document === undefined) return undefined;
  try {
    steps.push(ok("version", versionWith(document)));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    steps.push(failed("version", `it speaks ${document.versions.join(", ")}`, versionFix));
    return undefined;
  }
  const kids = document.keys.map(({ kid }) => kid).join(", ");
  steps.push(ok("key", `${kids}${state.known ? "" : " (seen for the first time)"}`));
  return document;
}

async function checkSignedRequest(
  context: PeersContext,
  state: PeerState,
  directory: Directory,
  steps: Steps,
): Promise<void> {
  const { env, book } = context;
  const { domain } = state;
  const body = identifierRequestCodec.encode({ user: userUri(domain, "probe") });
  try {
    const sentAt = env.now();
    const answer = await exchange(context, state, directory, {
      endpoint: "identifierQuery",
      variables: { domain },
      body,
      timeoutMs,
      answerBytesMax: LIMITS.clientListBytesMax + 16 * 1024,
    });
    const receivedAt = env.now();
    if (answer.status !== 200) throw refusalOf(answer);
    identifierResponseCodec.decode(answer.body);
    steps.push(await checkEncodedPath(context, state, directory));
    if (!state.known) await book.save(state, state.record);
    book.touch(state, "outbound");
    const date = Date.parse(answer.headers["date"] ?? "");
    if (Number.isFinite(date)) steps.push(clockStep(date, sentAt, receivedAt));
  } catch (error) {
    if (error instanceof NetworkFault) {
      steps.push(failed("signature", error.message, answerFix));
    } else if (error instanceof Refusal) {
      const { code, message, data }: Refusal = error;
      const fix = refusedFixes[code] ?? refusalTable[code].advice;
      steps.push(failed("signature", `it refuses: ${code}, ${message}`, fix));
      const { serverTime } = data;
      if (serverTime !== undefined) steps.push(clockStep(serverTime, env.now(), env.now()));
    } else {
      throw error;
    }
  }
}

/**
 * Asks about a room that there is not. Whatever the answer is, it shows that a path with
 * percent-encoding arrives as it was signed: some proxies decode it.
 */
async function checkEncodedPath(
  context: PeersContext,
  state: PeerState,
  directory: Directory,
): Promise<ProbeStep> {
  const roomId = mintRoomUri(state.domain, (length) => context.env.random(length));
  const answer = await exchange(context, state, directory, {
    endpoint: "standing",
    variables: { roomId },
    body: standingRequestCodec.encode({}),
    timeoutMs,
    answerBytesMax: 16 * 1024,
  });
  const refusal = answer.status === 200 ? undefined : refusalOf(answer);
  const isLost = refusal instanceof Refusal && refusal.code === "notFound";
  if (answer.status !== 401 && !isLost) {
    return ok("signature", "it took signed requests and answered them");
  }
  return failed("signature", "a path with %2F does not arrive as it was signed", encodedPathFix);
}

/** The header has whole seconds, and the answer was on its way. */
function clockStep(theirs: number, sentAt: number, receivedAt: number): ProbeStep {
  const behind = sentAt - 1_000 - theirs;
  const ahead = theirs - receivedAt - 1_000;
  const offMs = Math.max(behind, ahead, 0);
  const text = `${Math.round(offMs / 1_000)} s apart`;
  if (offMs > LIMITS.federationSkewMs) return failed("clock", text, clockFix);
  if (offMs > skewNoticedMs) return { step: "clock", result: "warning", text, fix: clockFix };
  return ok("clock", offMs === 0 ? "agrees" : text);
}

const stepOf: Readonly<Record<ContactStage, ProbeStep["step"]>> = {
  resolve: "name",
  address: "address",
  connect: "connection",
  tls: "certificate",
  answer: "directory",
  directory: "directory",
};

const connectionFixes: Readonly<Record<ContactStage, string>> = {
  resolve: "Check the spelling, and that the name has A or AAAA records.",
  address: "Servers are reached at public addresses only; see docs/operating/federation.md.",
  connect: "The other server must be reachable at port 443; ask its operator.",
  tls: "The certificate must be valid for exactly this name; ask its operator.",
  answer: "Ask the other server's operator.",
  directory: "Ask the other server's operator.",
};
const directoryFix =
  "The other server, or what stands before it, must answer /.well-known/mimi-protocol-directory.";
const versionFix = "Update the older of the two servers.";
const answerFix = "What stands before the other server must pass /federation/ on, unchanged.";
const encodedPathFix =
  "What stands before the other server decodes paths; nginx does if its proxy_pass ends in a path.";
const clockFix = "Both servers need a clock that is set by NTP.";

function keyFix({ domain }: PeerState): string {
  return (
    "Compare the key with the other operator, over another channel. " +
    `If it is theirs: treehouse fed allow ${domain} --new-key`
  );
}

const refusedFixes: Readonly<Record<string, string>> = {
  peerDenied: "The other server's operator does not allow this server; ask them.",
  peerUnknown: "The other server cannot fetch this server's directory; have it probe this one.",
  peerKeyChanged: "The other operator has to compare this server's key and allow it.",
  misdirected: "What stands before the other server must pass the Host header on.",
  signatureInvalid: "What stands before the other server must pass headers and path unchanged.",
  digestMismatch: "What stands before the other server changes bodies; it must not.",
  notFound: "What stands before the other server must pass /federation/ on.",
};

function ok(step: ProbeStep["step"], text: string): ProbeStep {
  return { step, result: "ok", text };
}

function skipped(step: ProbeStep["step"], text: string): ProbeStep {
  return { step, result: "skipped", text };
}

function failed(step: ProbeStep["step"], text: string, fix: string): ProbeStep {
  return { step, result: "failed", text, fix };
}
