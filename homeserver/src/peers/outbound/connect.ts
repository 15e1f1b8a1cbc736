import { BlockList, connect as connectTcp, isIP } from "node:net";
import type { LookupFunction, Socket, TcpNetConnectOpts } from "node:net";
import { connect as connectTls } from "node:tls";
import type { TLSSocket } from "node:tls";
import type { Domain } from "@treehouse/protocol";
import { ContactFault, contactFault } from "./fault.ts";
import { judgedAddresses } from "./resolve.ts";
import type { ResolveName } from "./resolve.ts";

/** What to trust, and what to show, when a connection is made. */
export interface Credentials {
  /** Authorities whose certificates are believed, in PEM. */
  readonly trusted: readonly string[];
  /** Shown to servers that ask for a certificate. */
  readonly own: { readonly cert: string; readonly key: string } | undefined;
}

export interface ConnectOptions {
  readonly resolve: ResolveName;
  /** Servers that are reached at a loopback URL instead of their own name. */
  readonly development: ReadonlyMap<Domain, URL>;
  readonly credentials: () => Credentials;
  /** Of node:net, unless it is given. */
  readonly connect?: (options: TcpNetConnectOpts) => Socket;
}

export interface ConnectTarget {
  readonly domain: Domain;
  readonly port: number;
}

/** What a connection went through, for whoever wants to know. */
export interface ConnectTrace {
  resolved?(addresses: readonly string[]): void;
  connected?(address: string): void;
  secured?(socket: TLSSocket): void;
}

/** Opens a connection over which HTTP/1.1 can be spoken with the target, and with nobody else. */
export type OpenConnection = (
  target: ConnectTarget,
  signal: AbortSignal,
  trace?: ConnectTrace,
) => Promise<Socket>;

/** One address after another is tried after so long, while the earlier ones go on. */
const attemptMs = 1_000;

/**
 * The name is resolved once, each address judged, and the connection made to exactly those: no
 * second look-up can give another answer. The certificate must be the name's.
 */
export function createConnector(options: ConnectOptions): OpenConnection {
  const { resolve, development } = options;

  async function endpointOf({ domain, port }: ConnectTarget, trace: ConnectTrace) {
    const url = development.get(domain);
    if (url !== undefined) {
      const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
      const defaultPort = url.protocol === "https:" ? 443 : 80;
      const addresses = [isIP(host) === 0 ? "127.0.0.1" : host] as const;
      return {
        addresses,
        port: Number(url.port || defaultPort),
        secure: url.protocol === "https:",
      };
    }
    const addresses = await judgedAddresses(domain, resolve);
    trace.resolved?.(addresses);
    return { addresses, port, secure: true };
  }

  return async (target, signal, trace = {}) => {
    const { domain } = target;
    const endpoint = await abortable(endpointOf(target, trace), signal);
    const socket = await connectTo(domain, endpoint, signal, options.connect ?? connectTcp);
    const address = socket.remoteAddress ?? "";
    // The addresses were ours to give; this is the proof that no other one was used.
    if (!endpoint.addresses.some((judged) => sameAddress(judged, address))) {
      socket.destroy();
      throw new ContactFault("address", "refused", "connected to another address than the judged");
    }
    trace.connected?.(address);
    if (!endpoint.secure) return socket;
    const secured = await secure(socket, domain, options.credentials(), signal);
    trace.secured?.(secured);
    return secured;
  };
}

function connectTo(
  domain: Domain,
  endpoint: { readonly addresses: readonly string[]; readonly port: number },
  signal: AbortSignal,
  connect: (options: TcpNetConnectOpts) => Socket,
): Promise<Socket> {
  const { addresses, port } = endpoint;
  const lookup: LookupFunction = (_name, lookupOptions, answer) => {
    const all = addresses.map((address) => ({ address, family: isIP(address) }));
    const [first] = all;
    if (lookupOptions.all === true) answer(null, all);
    else answer(null, first?.address ?? "", first?.family);
  };
  const socket = connect({
    host: domain,
    port,
    lookup,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: attemptMs,
    noDelay: true,
    keepAlive: true,
  });
  return established(socket, "connect", "connect", signal);
}

function secure(
  socket: Socket,
  domain: Domain,
  { trusted, own }: Credentials,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const secured = connectTls({
    socket,
    servername: domain,
    ca: [...trusted],
    ...own,
    ALPNProtocols: ["http/1.1"],
    minVersion: "TLSv1.2",
    rejectUnauthorized: true,
  });
  return established(secured, "secureConnect", "tls", signal);
}

function established<S extends Socket>(
  socket: S,
  event: "connect" | "secureConnect",
  stage: "connect" | "tls",
  signal: AbortSignal,
): Promise<S> {
  return new Promise((resolve, reject) => {
    const end = (error: ContactFault): void => {
      socket.destroy();
      reject(error);
    };
    const abort = (): void =>
      end(new ContactFault(stage, "timeout", "there was no answer in time"));
    const failed = (error: Error): void => {
      signal.removeEventListener("abort", abort);
      end(contactFault(stage, error));
    };
    // Listened to for good: an error of a socket that nobody listens to ends the process.
    socket.on("error", failed);
    socket.once(event, () => {
      signal.removeEventListener("abort", abort);
      resolve(socket);
    });
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
  });
}

function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void =>
      reject(new ContactFault("resolve", "timeout", "the name servers did not answer in time"));
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

function sameAddress(judged: string, used: string): boolean {
  const family = isIP(judged) === 6 ? "ipv6" : "ipv4";
  if (isIP(used) !== isIP(judged)) return false;
  const list = new BlockList();
  list.addAddress(judged, family);
  return list.check(used, family);
}
