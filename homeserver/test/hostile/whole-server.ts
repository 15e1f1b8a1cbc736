import { connect } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { paths } from "@treehouse/protocol";
import type { Domain } from "@treehouse/protocol";
import { operationsIn } from "../../../federation-spec/src/attacks/operations.ts";
import type { Operation } from "../../../federation-spec/src/attacks/operations.ts";
import { createHomeserver, createNodeEnv, loadConfig } from "../../src/index.ts";
import type { Homeserver } from "../../src/index.ts";
import { ask } from "../people/ask.ts";
import { createPerson } from "../people/person.ts";
import type { Person } from "../people/person.ts";

/** A whole homeserver as the program starts it, with people who have sessions. */
export interface WholeServer {
  readonly homeserver: Homeserver;
  readonly url: string;
  readonly logLines: readonly string[];
  /** Lines that say that the server itself is wrong. */
  faults(): readonly string[];
  enrol(name: string, admin?: boolean): Promise<Person & { readonly token: string }>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Who needs more than the default: other servers, and time that passes for what is limited. */
type WholeOptions = {
  readonly peers?: ReadonlyMap<Domain, URL>;
  readonly passedMs?: () => number;
};

export async function startWholeServer(options: WholeOptions = {}): Promise<WholeServer> {
  const directory = mkdtempSync(join(tmpdir(), "treehouse-hostile-"));
  const logLines: string[] = [];
  const config = loadConfig({
    overrides: {
      server: { port: 0, domain: "example.org" },
      storage: { directory: join(directory, "data"), reserve_mib: 1 },
      metrics: { port: 0 },
      limits: {
        registrations_per_address: 10_000,
        key_package_uploads: 10_000,
        claims_per_pair: 10_000,
      },
    },
  });
  const log = { level: "debug", write: (line: string) => void logLines.push(line) } as const;
  const { peers, passedMs = () => 0 } = options;
  const nodeEnv = createNodeEnv({ log });
  const env = { ...nodeEnv, monotonic: () => nodeEnv.monotonic() + passedMs() };
  const homeserver = await createHomeserver({
    config,
    env,
    ...(peers === undefined ? {} : { developmentPeers: peers }),
  });
  return {
    homeserver,
    url: homeserver.url,
    logLines,
    faults: () => logLines.filter((line) => !/"level":(10|20|30|40)\b/.test(line)),
    async enrol(name, admin = false) {
      const person = createPerson(name);
      const { session } = await homeserver.authentication.enrol({ ...person, admin });
      return { ...person, token: session.token };
    },
    async [Symbol.asyncDispose]() {
      await homeserver[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Every operation that the server says it has. */
export async function operationsOf(url: string): Promise<readonly Operation[]> {
  const { json } = await ask(url, paths.openapi());
  return operationsIn(json);
}

/** Sends octets on a connection of their own; answers what came until the server ended it. */
export async function converse(url: string, octets: string | Uint8Array): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  let received = "";
  socket.on("data", (chunk) => (received += chunk.toString("latin1")));
  socket.on("error", () => {});
  socket.end(octets);
  await new Promise((resolve) => socket.once("close", resolve));
  return received;
}

/** Sends octets and cuts the connection off in the same moment, without a farewell. */
export async function sendAndCut(url: string, octets: string): Promise<void> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.on("error", () => {});
  socket.write(octets, () => socket.resetAndDestroy());
  await new Promise((resolve) => socket.once("close", resolve));
}
