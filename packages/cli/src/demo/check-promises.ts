import { basename, join } from "node:path";

import { z } from "zod";

import { domainOf, removed, serverNames } from "./cast.ts";
import type { Struck } from "./converse.ts";
import type { Ledger } from "./ledger.ts";
import { filesBelow, filesWith } from "./search-files.ts";
import type { UserProcess } from "./user-process.ts";

export type DemoReport = {
  readonly ok: boolean;
  readonly servers: number;
  readonly users: number;
  readonly messages: number;
  readonly kills: number;
  readonly cuts: number;
  /** How many messages were under way at each kill and cut. */
  readonly underWay: readonly number[];
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
  readonly readWhileRemoved: number;
  /** Server files in which the canary was found. */
  readonly leaked: number;
  /** Server files in which the control string was found. */
  readonly controls: number;
  /** Server files that were searched. */
  readonly searched: number;
  readonly problems: readonly string[];
};

const historySchema = z.object({
  items: z.array(
    z.looseObject({
      kind: z.string(),
      position: z.number(),
      text: z.string().optional(),
      added: z.array(z.string()).optional(),
      removed: z.array(z.string()).optional(),
    }),
  ),
});

export type Item = z.infer<typeof historySchema>["items"][number];

/** What is known of one user: told by the process while it ran, and kept in the store. */
export type Evidence = {
  readonly name: string;
  readonly address: string;
  readonly accepted: ReadonlyMap<string, number>;
  readonly shown: readonly { readonly text: string; readonly position: number }[];
  readonly items: readonly Item[];
};

/** One cause may break a promise very often. */
const brokenToldMax = 20;

export type Figures = Pick<DemoReport, "lost" | "duplicated" | "reordered" | "readWhileRemoved">;

/** Compares what was accepted, what was shown, and what each store and all servers hold. */
export async function checkPromises(demo: {
  readonly directory: string;
  readonly users: readonly UserProcess[];
  readonly room: string;
  readonly ledger: Ledger;
  readonly canary: string;
  readonly wanted: { readonly messages: number; readonly kills: number; readonly cuts: number };
  readonly struck: readonly Struck[];
}): Promise<DemoReport> {
  const { wanted, struck, ledger } = demo;
  const evidence = await Promise.all(
    demo.users.map(async (user): Promise<Evidence> => {
      const text = await user.run("history", demo.room, "--limit", "100000", "--json");
      const { items } = historySchema.parse(JSON.parse(text));
      const { accepted, shown } = ledger.told(user.name);
      return { name: user.name, address: user.address, accepted, shown, items };
    }),
  );
  const problems = [...ledger.faults];
  const { figures, broken } = compare(evidence);
  for (const name of removed) {
    const one = evidence.find((user) => user.name === name);
    if (one === undefined || absence(evidence, one.address) === undefined) {
      problems.push(`${name}'s removal and return are not in the history`);
    }
  }
  problems.push(...broken.slice(0, brokenToldMax));
  const messages = evidence.reduce((sum, { accepted }) => sum + accepted.size, 0);
  if (messages !== wanted.messages) problems.push(`${messages} messages were accepted`);
  const blows = { kill: 0, cut: 0 };
  for (const { kind } of struck) blows[kind] += 1;
  if (blows.kill !== wanted.kills) problems.push(`there were ${blows.kill} kills`);
  if (blows.cut !== wanted.cuts) problems.push(`there were ${blows.cut} cuts`);
  const underWay = struck.map((blow) => blow.underWay);
  if (underWay.some((count) => count < 1)) problems.push("a kill or cut met no message under way");
  const files = serverNames.map((name) =>
    searchServerFiles(join(demo.directory, name), domainOf(name), demo.canary),
  );
  problems.push(...files.flatMap((one) => one.problems));
  const count = (which: "leaked" | "controls" | "searched") =>
    files.reduce((sum, one) => sum + one[which].length, 0);
  return {
    ok: problems.length === 0,
    servers: serverNames.length,
    users: demo.users.length,
    messages,
    kills: blows.kill,
    cuts: blows.cut,
    underWay,
    ...figures,
    leaked: count("leaked"),
    controls: count("controls"),
    searched: count("searched"),
    problems,
  };
}

/**
 * Counts what broke a promise, and says where; the first user's history says when somebody was away.
 */
export function compare(evidence: readonly Evidence[]): {
  readonly figures: Figures;
  readonly broken: readonly string[];
} {
  const accepted = new Map(evidence.flatMap((user) => [...user.accepted]));
  const figures = { lost: 0, duplicated: 0, reordered: 0, readWhileRemoved: 0 };
  const broken: string[] = [];
  for (const { name, address, accepted: own, shown, items } of evidence) {
    const count = (figure: keyof Figures, times: number, what: string) => {
      figures[figure] += times;
      if (times > 0) broken.push(`${figure}: ${times}, ${name}: ${what}`);
    };
    const away = absence(evidence, address);
    const out = (position: number) =>
      away !== undefined && position > away.from && position <= away.to;
    const kept = items.filter(({ kind }) => kind === "message");
    for (const [text, position] of accepted) {
      const where = `"${text}" at ${position}`;
      const places = kept.filter((item) => item.text === text).map((item) => item.position);
      const told = shown.some((message) => message.text === text);
      count("duplicated", places.length > 1 ? 1 : 0, `${where} is kept at ${places.join(", ")}`);
      if (out(position)) count("readWhileRemoved", places.length, `${where} is kept`);
      else count("lost", places.length === 0 ? 1 : 0, `${where} is not kept`);
      const moved = places.some((place) => place !== position);
      count("reordered", moved ? 1 : 0, `${where} is kept at ${places.join(", ")}`);
      const missed = !own.has(text) && !out(position) && !told;
      count("lost", missed ? 1 : 0, `${where} was not shown`);
    }
    const twice = shown.length - new Set(shown.map(({ text }) => text)).size;
    count("duplicated", twice, "shown more than once");
    count("reordered", falls(shown) + falls(kept), "positions that fall");
    const unfit = shown.filter(({ position }) => out(position)).length;
    count("readWhileRemoved", unfit, "shown");
  }
  return { figures, broken };
}

/** How often a position is not above the one before it. */
function falls(rows: readonly { readonly position: number }[]): number {
  return rows.filter(
    ({ position }, index) => index > 0 && position <= (rows[index - 1]?.position ?? 0),
  ).length;
}

/** Positions of the commits that removed somebody and brought them back. */
function absence(
  evidence: readonly Evidence[],
  address: string,
): { readonly from: number; readonly to: number } | undefined {
  const items = evidence[0]?.items ?? [];
  const from = items.find((item) => item.removed?.includes(address))?.position;
  const to = items.findLast((item) => item.added?.includes(address))?.position;
  return from === undefined || to === undefined || to < from ? undefined : { from, to };
}

/** What the log of a server that served is known to hold. */
const controlOfLog = '"msg":"listening"';

/**
 * Looks for the canary in a server's data folder and log. The search is trusted only after it found
 * what is certainly there: in the data a user of the server's domain, and what it says when it
 * starts in the log.
 */
export function searchServerFiles(directory: string, domain: string, canary: string) {
  const data = filesBelow(`${directory}/data`);
  const logs = filesBelow(directory).filter((file) => basename(file) === "server.log");
  const searched = [...data, ...logs];
  const foundIn = {
    data: filesWith(data, `mimi://${domain}/`),
    log: filesWith(logs, controlOfLog),
  };
  const leaked = filesWith(searched, canary);
  const problems = Object.entries(foundIn).flatMap(([where, found]) =>
    found.length > 0 ? [] : [`the control was not found in the ${where} of ${domain}`],
  );
  if (leaked.length > 0) problems.push(`the canary stands in ${leaked.join(", ")}`);
  return { searched, leaked, controls: [...foundIn.data, ...foundIn.log], problems };
}
