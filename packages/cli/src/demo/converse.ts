import { addressOfName, removed, type ServerName, serverOfName } from "./cast.ts";
import type { Ledger } from "./ledger.ts";
import type { Links } from "./links.ts";
import type { Blow, Burst, Plan } from "./plan.ts";
import type { ServerProcess } from "./server-process.ts";
import type { Chat } from "./user-process.ts";

const patienceSeconds = 120;
const waitingMax = 18;

type Talk = {
  readonly servers: ReadonlyMap<ServerName, Pick<ServerProcess, "kill" | "restart">>;
  readonly links: Pick<Links, "cut" | "heal">;
  readonly ledger: Ledger;
  readonly chats: ReadonlyMap<string, Chat>;
  say(line: string): void;
};

/** How many messages were under way at a blow: said, and not yet known to be accepted. */
export type Struck = { readonly kind: Blow["kind"]; readonly underWay: number };

/**
 * Everybody talks. Some are removed after a third and added again after two thirds; in between only
 * the others speak.
 */
export async function converse(talk: Talk, plan: Plan): Promise<readonly Struck[]> {
  const { ledger, chats, say } = talk;
  const [before, without, after] = plan;
  const count = { said: 0 };
  const struck: Struck[] = [];
  const part = async (bursts: readonly Burst[]) => {
    for (const burst of bursts) await sayBurst(talk, burst, count, struck);
    const all = () => acceptedOf(talk) === count.said;
    await ledger.until("all to be accepted", all, patienceSeconds);
  };
  const addresses = removed.map((name) => addressOfName(name)).join(" ");
  const told = (event: string) => () => removed.every((name) => ledger.happened(name, event, 1));
  await part(before);
  chats.get("alice")?.say(`/remove ${addresses}`);
  await ledger.until("the removed to go", told("removed"), patienceSeconds);
  say("Alice removed Carol and Frank; the others go on.");
  await part(without);
  chats.get("alice")?.say(`/add ${addresses}`);
  await ledger.until("the removed to be back", told("joined"), patienceSeconds);
  say("Alice added Carol and Frank again.");
  await part(after);
  return struck;
}

async function sayBurst(
  talk: Talk,
  { lines, blow }: Burst,
  count: { said: number },
  struck: Struck[],
): Promise<void> {
  const { ledger, chats } = talk;
  // Whatever was said before is accepted, or the count below would not be of this burst.
  if (blow !== undefined) {
    const idle = () => acceptedOf(talk) === count.said;
    await ledger.until("the queue to drain", idle, patienceSeconds);
  }
  const base = count.said;
  for (const { user, text } of lines) chats.get(user)?.say(text);
  count.said += lines.length;
  if (blow === undefined) {
    const shrunk = () => count.said - acceptedOf(talk) < waitingMax;
    await ledger.until("the queue to shrink", shrunk, patienceSeconds);
    return;
  }
  const due = () => acceptedOf(talk) >= base + blow.after;
  const note = () => {
    struck.push({ kind: blow.kind, underWay: count.said - acceptedOf(talk) });
  };
  if (blow.kind === "kill") await kill(talk, blow.server, due, note);
  else await cut(talk, blow.server, due, note, lines);
}

async function kill(
  { ledger, servers, say }: Talk,
  name: ServerName,
  due: () => boolean,
  note: () => void,
): Promise<void> {
  const server = servers.get(name);
  await ledger.until("the moment of a kill", due, patienceSeconds, () => {
    server?.kill();
    note();
  });
  await server?.restart();
  say(`${nameOf(name)} was killed with messages under way, and is back.`);
}

/** The server stays alone until everybody else of the burst was heard. */
async function cut(
  { ledger, links, say }: Talk,
  name: ServerName,
  due: () => boolean,
  note: () => void,
  lines: Burst["lines"],
): Promise<void> {
  let cutting: Promise<void> | undefined;
  await ledger.until("the moment of a cut", due, patienceSeconds, () => {
    cutting = links.cut(name);
    note();
  });
  await cutting;
  const reachable = lines.filter(({ user }) => serverOfName(user) !== name);
  const heard = () => reachable.every(({ user, text }) => ledger.told(user).accepted.has(text));
  await ledger.until("those who are not cut off", heard, patienceSeconds);
  await links.heal(name);
  say(`${nameOf(name)} was cut off from the others for a while, and is back.`);
}

function acceptedOf({ ledger, chats }: Talk): number {
  return [...chats.keys()].reduce((sum, name) => sum + ledger.told(name).accepted.size, 0);
}

function nameOf(server: ServerName): string {
  return server.charAt(0).toUpperCase() + server.slice(1);
}
