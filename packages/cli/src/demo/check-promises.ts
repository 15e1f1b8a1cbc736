import { basename } from "node:path";

import { z } from "zod";

import type { Ledger } from "./ledger.ts";
import { filesBelow, filesWith } from "./search-files.ts";
import type { UserProcess } from "./user-process.ts";

export type DemoReport = {
  readonly ok: boolean;
  readonly messages: number;
  readonly kills: number;
  /** How many messages were under way at each kill. */
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
  readonly accepted: ReadonlyMap<string, number>;
  readonly shown: readonly { readonly text: string; readonly position: number }[];
  readonly items: readonly Item[];
};

export type Figures = Pick<DemoReport, "lost" | "duplicated" | "reordered" | "readWhileRemoved">;

/** Compares what was accepted, what was shown, and what each store and the server hold. */
export async function checkPromises(demo: {
  readonly directory: string;
  readonly users: readonly UserProcess[];
  readonly room: string;
  readonly ledger: Ledger;
  readonly canary: string;
  readonly wanted: { readonly messages: number; readonly kills: number };
  readonly underWay: readonly number[];
}): Promise<DemoReport> {
  const { wanted, underWay } = demo;
  const evidence: Evidence[] = [];
  for (const user of demo.users) {
    const text = await user.run("history", demo.room, "--limit", "100000", "--json");
    const { items } = historySchema.parse(JSON.parse(text));
    const { accepted, shown } = demo.ledger.told(user.name);
    evidence.push({ name: user.name, accepted, shown, items });
  }
  const problems = [...demo.ledger.faults];
  const figures = compare(evidence);
  if (absence(evidence) === undefined) {
    problems.push("Carol's removal and return are not in the history");
  }
  for (const [name, value] of Object.entries(figures)) {
    if (value > 0) problems.push(`${name}: ${value}`);
  }
  const messages = evidence.reduce((sum, { accepted }) => sum + accepted.size, 0);
  if (messages !== wanted.messages) problems.push(`${messages} messages were accepted`);
  if (underWay.length !== wanted.kills) problems.push(`there were ${underWay.length} kills`);
  if (underWay.some((count) => count < 1)) problems.push("a kill met no message under way");
  const files = searchServerFiles(demo.directory, demo.canary);
  problems.push(...files.problems);
  return {
    ok: problems.length === 0,
    messages,
    kills: underWay.length,
    underWay,
    ...figures,
    leaked: files.leaked.length,
    controls: files.controls.length,
    searched: files.searched.length,
    problems,
  };
}

/** Counts what broke a promise; the first user's history says when Carol was away. */
export function compare(evidence: readonly Evidence[]): Figures {
  const accepted = new Map(evidence.flatMap((user) => [...user.accepted]));
  const away = absence(evidence);
  let [lost, duplicated, reordered, readWhileRemoved] = [0, 0, 0, 0];
  for (const { name, accepted: own, shown, items } of evidence) {
    const out = (position: number) =>
      name === "carol" && away !== undefined && position > away.from && position <= away.to;
    const kept = items.filter(({ kind }) => kind === "message");
    for (const [text, position] of accepted) {
      const times = kept.filter((item) => item.text === text);
      if (times.length > 1) duplicated += 1;
      if (out(position)) readWhileRemoved += times.length;
      else if (times.length === 0) lost += 1;
      if (times.some((item) => item.position !== position)) reordered += 1;
      const foreign = !own.has(text) && !out(position);
      if (foreign && !shown.some((message) => message.text === text)) lost += 1;
    }
    duplicated += shown.length - new Set(shown.map(({ text }) => text)).size;
    reordered += falls(shown) + falls(kept);
    readWhileRemoved += shown.filter(({ position }) => out(position)).length;
  }
  return { lost, duplicated, reordered, readWhileRemoved };
}

/** How often a position is not above the one before it. */
function falls(rows: readonly { readonly position: number }[]): number {
  return rows.filter(
    ({ position }, index) => index > 0 && position <= (rows[index - 1]?.position ?? 0),
  ).length;
}

/** Positions of the commits that removed Carol and brought her back. */
function absence(
  evidence: readonly Evidence[],
): { readonly from: number; readonly to: number } | undefined {
  const items = evidence[0]?.items ?? [];
  const address = "carol@localhost";
  const from = items.find((item) => item.removed?.includes(address))?.position;
  const to = items.findLast((item) => item.added?.includes(address))?.position;
  return from === undefined || to === undefined || to < from ? undefined : { from, to };
}

/** What every database and the log of a server that served are known to hold. */
const controlOfData = "mimi://localhost/";
const controlOfLog = '"msg":"listening"';

/**
 * Looks for the canary in the server's data folder and log. The search is trusted only after it
 * found what is certainly there, in the data and in the log.
 */
export function searchServerFiles(directory: string, canary: string) {
  const data = filesBelow(`${directory}/data`);
  const logs = filesBelow(directory).filter((file) => basename(file) === "server.log");
  const searched = [...data, ...logs];
  const foundIn = { data: filesWith(data, controlOfData), log: filesWith(logs, controlOfLog) };
  const leaked = filesWith(searched, canary);
  const problems = Object.entries(foundIn).flatMap(([where, found]) =>
    found.length > 0 ? [] : [`the control was not found in the server's ${where}`],
  );
  if (leaked.length > 0) problems.push(`the canary stands in ${leaked.join(", ")}`);
  return { searched, leaked, controls: [...foundIn.data, ...foundIn.log], problems };
}
