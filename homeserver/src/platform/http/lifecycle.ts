import { once } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { Server as TlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Env } from "@treehouse/protocol";
import { Assertion } from "../assertion.ts";

export interface ListenAt {
  readonly host: string;
  readonly port: number;
  /** The setting that changes the port, for the error's advice. */
  readonly setting?: string;
}

export interface HttpServer {
  /** Resolves with the URL of the server once it accepts. Port 0 takes any free one. */
  listen(at: ListenAt): Promise<string>;
  /** Ends idle connections, waits for running requests and then ends the rest. Idempotent. */
  close(): Promise<void>;
}

/** The address cannot be listened on. The message says what the operator can do. */
export class ListenRefused extends Error {
  override readonly name = "ListenRefused";
}

/** Lets a server be reached, and resolves with its URL once it is. */
export type Listener = (server: Server | TlsServer, at: ListenAt) => Promise<string>;

/** A request still running this long after the stop began is cut off. */
const stopGraceMs = 5_000;

/** Starts and stops a listener. */
export function lifecycle(
  server: Server | TlsServer,
  env: Pick<Env, "timer">,
  listener: Listener = listenOnTcp,
): HttpServer {
  let closed: Promise<void> | undefined;
  return {
    listen: (at) => listener(server, at),
    close() {
      closed ??= new Promise((resolve) => {
        const cancel = env.timer(stopGraceMs, () => server.closeAllConnections());
        server.close(() => {
          cancel();
          resolve();
        });
        server.closeIdleConnections();
      });
      return closed;
    },
  };
}

async function listenOnTcp(server: Server | TlsServer, at: ListenAt): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(listenRefused(error, at)));
    server.listen({ host: at.host, port: at.port }, resolve);
  });
  return urlOf(server.address(), server instanceof TlsServer ? "https" : "http");
}

/** Whether it could be listened on now, for whoever would make something first. Throws `ListenRefused`. */
export async function refuseTakenAddress(at: ListenAt): Promise<void> {
  const probe = createServer();
  await listenOnTcp(probe, at);
  probe.close();
  await once(probe, "close");
}

function listenRefused(error: Error, { host, port, setting }: ListenAt): Error {
  const code = "code" in error ? error.code : undefined;
  const at = `${host}:${port}`;
  const named = setting === undefined ? "" : ` (${setting})`;
  const advice: Readonly<Record<string, string>> = {
    EADDRINUSE: `Another program listens on ${at}. Stop it, or choose another port${named}.`,
    EACCES: `This user may not listen on ${at}. Choose a port above 1023${named}.`,
    EADDRNOTAVAIL: `This machine does not have the address ${host}.`,
    ENOTFOUND: `The host name ${host} is not known.`,
  };
  const text = typeof code === "string" ? advice[code] : undefined;
  return new ListenRefused(text ?? `Listening on ${at} failed.`, { cause: error });
}

function urlOf(address: AddressInfo | string | null, scheme: "http" | "https"): string {
  if (address === null || typeof address === "string") throw new Assertion("No TCP address.");
  const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return `${scheme}://${host}:${address.port}`;
}
