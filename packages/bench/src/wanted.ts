import { parseArgs } from "node:util";

import { type FederationPart, federationParts } from "./federation.ts";
import type { XmppOptions } from "./xmpp/target.ts";

/** What was asked for on the command line. */
export type Wanted = {
  readonly name: string;
  readonly json: boolean;
  readonly seconds: number;
  readonly rounds: number;
  /** Of the rooms of a fan-out. */
  readonly members: readonly number[];
  readonly connections: number;
  readonly parts: readonly FederationPart[];
  readonly peers: number;
  readonly backlog: number;
  readonly outageSeconds: number;
  /** Of groups: what `--sizes` lists, or the one of `--members`. */
  readonly sizes: readonly number[];
  readonly repeats: number;
  readonly messages: number;
  readonly megabytes: number;
  /** How many rooms there are in all, one run after another. */
  readonly rooms: readonly number[];
  /** Stored before the last run. */
  readonly entries: number;
  /** The server that this one is compared with. */
  readonly xmpp: XmppOptions;
};

/** Throws a TypeError that says what is wrong: a run that measures nothing must not look like one. */
export function readWanted(args: readonly string[]): Wanted {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: "boolean", default: false },
      seconds: { type: "string", default: "6" },
      rounds: { type: "string", default: "3" },
      members: { type: "string" },
      connections: { type: "string", default: "5000" },
      part: { type: "string", default: federationParts.join(",") },
      peers: { type: "string", default: "50" },
      backlog: { type: "string", default: "10000" },
      outage: { type: "string", default: "30" },
      sizes: { type: "string", default: "2,10,100,1000,5000" },
      repeats: { type: "string", default: "20" },
      messages: { type: "string", default: "100000" },
      megabytes: { type: "string", default: "1000" },
      rooms: { type: "string", default: "10,10000" },
      entries: { type: "string", default: "10000000" },
      host: { type: "string", default: "127.0.0.1" },
      port: { type: "string", default: "5222" },
      domain: { type: "string", default: "localhost" },
      programs: { type: "string", default: "beam.smp,postgres" },
    },
  });
  const [name = "", ...rest] = positionals;
  if (rest.length > 0) throw new TypeError("One bench at a time.");
  return {
    name,
    json: values.json,
    seconds: amount("seconds", values.seconds),
    rounds: count("rounds", values.rounds, 1),
    members: counts("members", values.members ?? "10,100,1000", 2),
    connections: count("connections", values.connections, 1),
    parts: values.part.split(",").map(partOf),
    peers: count("peers", values.peers, 1),
    backlog: count("backlog", values.backlog, 1),
    outageSeconds: values.outage === "0" ? 0 : amount("outage", values.outage),
    sizes: counts("sizes", values.members ?? values.sizes, 2),
    repeats: count("repeats", values.repeats, 1),
    messages: count("messages", values.messages, 1),
    megabytes: count("megabytes", values.megabytes, 1),
    rooms: counts("rooms", values.rooms, 1),
    entries: count("entries", values.entries, 1),
    xmpp: {
      host: values.host,
      port: count("port", values.port, 1),
      domain: values.domain,
      programs: values.programs.split(","),
    },
  };
}

function partOf(text: string): FederationPart {
  const known = federationParts.find((part) => part === text);
  if (known !== undefined) return known;
  throw new TypeError(`There is no part "${text}". Known: ${federationParts.join(", ")}.`);
}

function counts(option: string, text: string, least: number): readonly number[] {
  return text.split(",").map((each) => count(option, each, least));
}

function count(option: string, text: string, least: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
  throw new TypeError(`--${option} is a whole number from ${least} on, and not "${text}".`);
}

function amount(option: string, text: string): number {
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && value > 0) return value;
  throw new TypeError(`--${option} is a number above 0, and not "${text}".`);
}
