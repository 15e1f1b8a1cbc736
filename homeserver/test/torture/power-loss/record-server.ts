import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "../../../../client-sdk/src/node.ts";
import { gather, storedLog } from "../../federation-e2e/people.ts";
import { Ledger } from "../ledger.ts";
import { names, openPerson, registration, serverFolder, startSmallServer } from "../small-world.ts";
import { underStrace } from "../strace.ts";
import { record } from "./disk.ts";
import type { Recording } from "./disk.ts";
import { fileCalls, readTrace, hexText, traceOptions } from "./trace.ts";

/** Something that a client was told is done, and at the latest when. Unix time in milliseconds. */
export type Acknowledged = { readonly at: number } & (
  | { readonly kind: "account"; readonly name: string }
  | { readonly kind: "entry"; readonly position: number }
);

export type RecordedServer = {
  readonly recording: Recording;
  readonly room: string;
  readonly acknowledged: readonly Acknowledged[];
  /** The log of the room at the end, when no power had failed. */
  readonly log: ReadonlyMap<number, string>;
};

const messagesOfEach = 60;
/** Long enough for the log to be copied into the database while it grows. */
const recordedMs = 4_000;

/** A server from its first start on: accounts, a room, messages; then it is killed. */
export async function recordServer(
  directory: string,
  seed: number,
  variables: Readonly<Record<string, string>> = {},
): Promise<RecordedServer> {
  const trace = join(directory, "trace");
  const folder = serverFolder(directory);
  const under = underStrace(trace, fileCalls, [...traceOptions, "--seccomp-bpf"]);
  const server = await startSmallServer(directory, { under, settings: variables });
  const acknowledged: Acknowledged[] = [];
  const people: Client[] = [];
  let room = "";
  try {
    for (const name of names) {
      people.push(await openPerson(directory, server, name, registration));
      acknowledged.push({ at: Date.now() + 1, kind: "account", name });
    }
    room = await gather(people, `power ${seed}`);
    const ledger = new Ledger(room);
    const from = performance.now();
    const talking = people.map(async (client) => {
      for (
        let next = 0;
        next < messagesOfEach || performance.now() - from < recordedMs;
        next += 1
      ) {
        const position = await ledger.send(client, `${client.me.address} ${next}`);
        acknowledged.push({ at: Date.now() + 1, kind: "entry", position });
      }
    });
    await Promise.all(talking);
  } finally {
    for (const client of people) await client.close();
    await server.kill();
  }
  const log = storedLog(server, room);
  const recording = record(await readTrace(trace, hexText(folder)), folder);
  rmSync(trace);
  return { recording, room, acknowledged, log };
}
