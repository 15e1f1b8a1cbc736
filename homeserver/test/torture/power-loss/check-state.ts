import { existsSync } from "node:fs";
import { join } from "node:path";
import { createHomeserver, createNodeEnv, loadConfig } from "../../../src/index.ts";
import { storedLog } from "../../federation-e2e/people.ts";
import { accountsIn, damageOf } from "../ledger.ts";
import type { RecordedServer } from "./record-server.ts";

/** Starts a server over what the power failure left, and compares it with what clients were told by then. */
export async function checkState(
  { acknowledged, room, log }: Omit<RecordedServer, "recording">,
  directory: string,
  at: number,
): Promise<readonly string[]> {
  const data = join(directory, "data");
  const due = acknowledged.filter((each) => each.at <= at);
  if (due.length > 0 && !existsSync(join(data, "treehouse.sqlite")))
    return ["there is no database"];
  const violations: string[] = [];
  try {
    await startAndStop(data, violations);
  } catch (error) {
    return [`it does not start: ${String(error)}`];
  }
  const databasePath = join(data, "treehouse.sqlite");
  const accounts = accountsIn(databasePath);
  const found = storedLog({ databasePath }, room);
  for (const each of due) {
    if (each.kind === "account" && !accounts.includes(each.name))
      violations.push(`no account ${each.name}`);
    if (each.kind === "entry" && !found.has(each.position))
      violations.push(`no entry ${each.position}`);
  }
  const positions = [...found.keys()];
  if (positions.some((position, index) => position !== index + (positions[0] ?? 0))) {
    violations.push(`the log has a gap: ${positions.join(" ")}`);
  }
  for (const [position, bytes] of found) {
    if (log.get(position) !== bytes) violations.push(`another entry ${position}`);
  }
  return [...violations, ...damageOf(databasePath)];
}

async function startAndStop(data: string, violations: string[]): Promise<void> {
  const config = loadConfig({
    overrides: {
      server: { port: 0, domain: "example.org" },
      storage: { directory: data },
      metrics: { enabled: false },
      registration: { mode: "open" },
    },
  });
  const write = (line: string): void => {
    if (/"level":(50|60)\b/.test(line)) violations.push(`it says ${line.trim()}`);
  };
  const env = createNodeEnv({ log: { level: "error", write } });
  const onCrash = (error: unknown): void => void violations.push(`it crashes: ${String(error)}`);
  await using server = await createHomeserver({ config, env, onCrash });
  const answer = await fetch(new URL("/.well-known/mimi-protocol-directory", server.url));
  await answer.arrayBuffer();
  if (!answer.ok) violations.push(`it answers ${answer.status}`);
}
