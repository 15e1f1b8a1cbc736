import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { startProgram } from "../program/start.ts";
import type { Launch, Program } from "../program/start.ts";

/** A homeserver as an operator runs it, which can be killed and started again on the same port. */
export interface ServerProcess {
  readonly domain: string;
  readonly url: string;
  /** The folder of its data. */
  readonly data: string;
  readonly databasePath: string;
  /** Of the first start. */
  readonly adminInvite: string;
  readonly metricsUrl: string;
  pid(): number;
  /** Resolves when the present life has ended, however it did. */
  ended(): Promise<number | NodeJS.Signals>;
  /** Everything that all its lives have logged. */
  log(): string;
  /** SIGKILL; resolves when it is dead. */
  kill(): Promise<void>;
  /** In order; resolves when it has ended. */
  stop(): Promise<void>;
  /** Starts over the same data; resolves when it serves. */
  start(): Promise<void>;
  /** From its next start on its program is today's. */
  update(): void;
}

export type ServerWish = {
  readonly domain: string;
  readonly directory: string;
  readonly port: number;
  readonly metricsPort: number;
  /** Where the others are, by domain. */
  readonly peers: Readonly<Record<string, string>>;
  readonly settings?: Readonly<Record<string, string>>;
  /** For its first start. */
  readonly under?: Launch["under"];
  /** Until it is updated. */
  readonly checkout?: Launch["checkout"];
};

export async function startServerProcess(wish: ServerWish): Promise<ServerProcess> {
  const data = join(wish.directory, wish.domain, "data");
  mkdirSync(dirname(data), { recursive: true });
  const config = join(wish.directory, wish.domain, "treehouse.toml");
  const peers = Object.entries(wish.peers).map(([domain, url]) => `"${domain}" = "${url}"\n`);
  writeFileSync(config, `[federation.development.peers]\n${peers.join("")}`);
  const logs: Program[] = [];
  let { checkout } = wish;
  const launch = async (under: Launch["under"] = []): Promise<Program> => {
    const program = await startProgram(
      ["--config", config, "--data", data, "--port", String(wish.port)],
      {
        TREEHOUSE__SERVER__DOMAIN: wish.domain,
        TREEHOUSE__REGISTRATION__MODE: "open",
        TREEHOUSE__LIMITS__REGISTRATIONS_PER_ADDRESS: "10000",
        TREEHOUSE__LIMITS__KEY_PACKAGE_UPLOADS: "10000",
        TREEHOUSE__LIMITS__CLAIMS_PER_PAIR: "10000",
        TREEHOUSE__METRICS__PORT: String(wish.metricsPort),
        ...wish.settings,
      },
      { under, checkout },
    );
    logs.push(program);
    if (program.url === undefined) throw new Error(`${wish.domain}: ${program.stderr()}`);
    return program;
  };
  let running: Program | undefined = await launch(wish.under);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const program = running;
    running = undefined;
    program?.signal(signal);
    await program?.ended;
  };
  return {
    domain: wish.domain,
    url: `http://127.0.0.1:${wish.port}`,
    data,
    databasePath: join(data, "treehouse.sqlite"),
    adminInvite: /^admin invite: (\S+)$/m.exec(logs[0]?.stdout() ?? "")?.[1] ?? "",
    metricsUrl: `http://127.0.0.1:${wish.metricsPort}/metrics`,
    pid() {
      if (running === undefined) throw new Error(`${wish.domain} does not run`);
      return running.pid;
    },
    async ended() {
      return running?.ended ?? "SIGKILL";
    },
    log: () => logs.map((program) => program.stderr()).join(""),
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
    async start() {
      running ??= await launch();
    },
    update() {
      checkout = undefined;
    },
  };
}
