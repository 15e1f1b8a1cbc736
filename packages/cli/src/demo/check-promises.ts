import { z } from "zod";

import type { Ledger } from "./ledger.ts";
import { filesWith } from "./search-files.ts";
import type { UserProcess } from "./user-process.ts";

export type DemoReport = {
  readonly ok: boolean;
  readonly messages: number;
  readonly kills: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
  readonly readWhileRemoved: number;
  /** Server files in which the canary was found. */
  readonly leaked: number;
  /** Server files in which the control string was found. */
  readonly controls: number;
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

type Item = z.infer<typeof historySchema>["items"][number];

/** Compares what was accepted, what was shown, and what each store holds. */
export async function checkPromises(demo: {
  readonly directory: string;
  readonly users: readonly UserProcess[];
  readonly room: string;
  readonly ledger: Ledger;
  readonly canary: string;
  readonly kills: number;
}): Promise<DemoReport> {
  const { users, ledger } = demo;
  const problems = [...ledger.faults];
  const histories = new Map<string, readonly Item[]>();
  for (const user of users) {
    const text = await user.run("history", demo.room, "--limit", "100000", "--json");
    histories.set(user.name, historySchema.parse(JSON.parse(text)).items);
  }
  const accepted = new Map(users.flatMap(({ name }) => [...ledger.told(name).accepted]));
  const away = absence(histories.get("alice") ?? [], "carol@localhost");
  if (away === undefined) problems.push("Carol's removal and return are not in the history");
  let [lost, duplicated, reordered, readWhileRemoved] = [0, 0, 0, 0];
  for (const { name } of users) {
    const texts = (histories.get(name) ?? []).filter(({ kind }) => kind === "message");
    const out = (position: number) =>
      name === "carol" && away !== undefined && position > away.from && position <= away.to;
    for (const [text, position] of accepted) {
      const times = texts.filter((item) => item.text === text);
      if (times.length > 1) duplicated += 1;
      if (out(position)) readWhileRemoved += times.length;
      else if (times.length === 0) lost += 1;
      if (times.some((item) => item.position !== position)) reordered += 1;
    }
    const shown = ledger.told(name).shown;
    duplicated += shown.length - new Set(shown.map(({ text }) => text)).size;
    reordered += shown.filter(
      ({ position }, index) => position < (shown[index - 1]?.position ?? 0),
    ).length;
    readWhileRemoved += shown.filter(({ position }) => out(position)).length;
    const foreign = [...accepted].filter(
      ([text, position]) => !ledger.told(name).accepted.has(text) && !out(position),
    );
    lost += foreign.filter(([text]) => !shown.some((message) => message.text === text)).length;
  }
  const controls = serverFiles(demo.directory, "mimi://localhost/");
  const leaked = serverFiles(demo.directory, demo.canary);
  if (controls.length === 0) problems.push("the control was not found in the server's files");
  if (leaked.length > 0) problems.push(`the canary stands in ${leaked.join(", ")}`);
  const figures = { lost, duplicated, reordered, readWhileRemoved };
  for (const [name, value] of Object.entries(figures)) {
    if (value > 0) problems.push(`${name}: ${value}`);
  }
  return {
    ok: problems.length === 0,
    messages: accepted.size,
    kills: demo.kills,
    ...figures,
    leaked: leaked.length,
    controls: controls.length,
    problems,
  };
}

/** The server's own files: its data folder and its log. */
function serverFiles(directory: string, text: string): readonly string[] {
  return [
    ...filesWith(`${directory}/data`, text),
    ...filesWith(directory, text).filter((file) => file.endsWith("server.log")),
  ];
}

/** Positions of the commits that removed the user and brought her back. */
function absence(
  items: readonly Item[],
  address: string,
): { readonly from: number; readonly to: number } | undefined {
  const from = items.find((item) => item.removed?.includes(address))?.position;
  const to = items.findLast((item) => item.added?.includes(address))?.position;
  return from === undefined || to === undefined || to < from ? undefined : { from, to };
}
