import type { X509Certificate } from "node:crypto";
import type { Bytes } from "@treehouse/protocol";
import type { Peer } from "./route.ts";

/** What the headers of another server's request say. Nothing of it is proved yet. */
export interface PeerRequestHead {
  readonly method: string;
  /** As it stands in the request line, with its query: no signature covers one, so that it is refused. */
  readonly path: string;
  /** Lower-case names. A name that came more than once has more than one value. */
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
  /** Key for limits per network; see `addressOf`. */
  readonly address: string;
  /** The client's certificate, if one was shown that leads to a trusted authority. */
  readonly certificate: X509Certificate | undefined;
}

/** Tells other servers apart and keeps out who may not ask. Met by peers. */
export interface PeerGate {
  /** Throws "misdirected" unless the values of the Host header name this server. */
  checkHost(values: readonly string[] | undefined): void;
  /** Judges the headers, before any of the body is read. Throws a `Refusal`. */
  open(head: PeerRequestHead): PeerAdmission;
  /** Hears of each request that was refused or cut off, with the refusal's code or `slow`. */
  refused(reason: string): void;
}

/** One request that was let in as far as its headers go. It holds a place until it is closed. */
export interface PeerAdmission {
  /** Throws a `Refusal` unless the request with this body is the server's it says. */
  authenticate(body: Bytes): Promise<Peer>;
  /** Gives the place back; called once, whatever became of the request. */
  close(): void;
}
