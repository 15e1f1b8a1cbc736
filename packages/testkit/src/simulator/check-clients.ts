import type { Client, ConversationInfo } from "@treehouse/client-sdk/embedding";
import { type Entry, sha256, toHex, TOMBSTONE_REASONS } from "@treehouse/protocol";
import type { Log } from "./read-logs.ts";
import { isBehindVoidRemoval, isMissedByVoid, isMissedStay, type Stay, staysOf } from "./stays.ts";
import type { SimClient } from "./sim-client.ts";
import {
  heldText,
  isLieKnown,
  mayMissBySabotage,
  isOfGarbage,
  mayStayIn,
  type Scene,
  type Told,
} from "./scene.ts";

/** What one client has in its store of one room. */
type Held = {
  /** By its own word it is out, and the hub counts it in. */
  readonly isCountedIn: boolean;
  readonly texts: readonly { readonly position: number; readonly text: string }[];
};

/**
 * Everybody holds what was said while they were in, in the hub's order, once, and nothing else (I2,
 * I4, I5, I6, I10, I11); and all who are in have the same secrets (I9).
 */
export async function checkClients(scene: Scene, log: Log): Promise<void> {
  const { clients, room, world } = scene;
  const all = new Map<number, string>();
  const held = new Map<SimClient, Held>();
  for (const one of clients) {
    if (one.client === undefined) continue;
    const standing = await one.standing(room);
    if (standing === undefined) continue;
    const isCountedIn = standing.status === "removed" && mayStayIn(scene);
    const known = {
      isCountedIn,
      texts: await world.within(textsOf(one.client, room), "a history"),
    };
    held.set(one, known);
    for (const { position, text } of known.texts) {
      if ((all.get(position) ?? text) !== text) {
        world.violate("I6", `${one.name} reads another text at ${position}`);
      }
      all.set(position, text);
    }
  }
  checkTold(scene, log);
  // Of what a hub was put back behind, some of its members still have what it has forgotten.
  const [hub] = scene.servers;
  if (hub?.wasRestored === true) {
    for (const position of all.keys()) if (log.at(position) === undefined) all.delete(position);
  }
  // What was said in an epoch that nobody else could come to is said again.
  for (const position of all.keys()) if (log.isVoid(position)) all.delete(position);
  checkSent(scene, all, log);
  for (const [one, known] of held) checkHeld(scene, one, known, { all, log });
  if (hub?.wasRestored === true) checkForgotten(scene, held, log);
  await checkSecrets(scene);
}

/**
 * What the hub took, answered and forgot is said again by its sender: everybody has it who was in all
 * the time, at its old place or at the new one, unless the sender tells that it waits.
 */
function checkForgotten(
  { sent, told, victim, world }: Scene,
  held: ReadonlyMap<SimClient, Held>,
  log: Log,
): void {
  const always = [...held].filter(
    ([one]) => one !== victim && !one.wasPutBack && wasInAlways(one.client?.me.client ?? "", log),
  );
  for (const { by, text, outcome, position } of sent) {
    if (outcome !== "accepted" || log.at(position ?? 0) !== undefined) continue;
    const sender = always.find(([one]) => one.address === by)?.[0];
    if (sender === undefined) continue;
    if (told.some((one) => one.by === sender && one.text === heldText)) continue;
    for (const [one, { texts }] of always) {
      if (texts.some((known) => known.text === text)) world.probe("forgotten, and there");
      else world.violate("I4", `${one.name} lacks "${text}", which the hub forgot`);
    }
  }
}

/** Also who came in again by the same commit that took its old leaf out. */
function wasInAlways(client: string, log: Log): boolean {
  const stays = staysOf(client, log);
  const [first] = stays;
  return (
    first?.after === 0 &&
    stays.at(-1)?.upTo === Infinity &&
    stays.every(({ after }, index) => index === 0 || stays[index - 1]?.upTo === after)
  );
}

async function textsOf(client: Client, room: string): Promise<Held["texts"]> {
  const items = await (await client.conversations.get(room)).history({ limit: 10_000 });
  return items.flatMap((item) =>
    item.kind === "message" ? [{ position: item.position, text: item.text }] : [],
  );
}

/**
 * What follows from a hub that was put back, beside what is forgotten itself. A Welcome into an epoch
 * that it forgot is of another tree than the one that it has at that number, and whom it does not know is out.
 */
const ofSettingBack = new RegExp(
  `^(restored|membersReturned|welcomeUnusable|roomForgotten|${heldText})|: (restored|missed)$`,
  "u",
);

/** Nobody tells of anything that is not right, but for what somebody has made so. */
function checkTold(scene: Scene, log: Log): void {
  const { told, network, servers, victim, world } = scene;
  const restored = servers.filter(({ wasRestored }) => wasRestored).map(({ name }) => name);
  for (const { by, position, text } of told) {
    const isSetBack = restored.includes(by.server) || restored.includes(servers[0]?.name ?? "");
    if (by.wasPutBack || (isSetBack && ofSettingBack.test(text))) {
      world.probe("setting back told");
      continue;
    }
    if (by === victim) {
      world.probe("lie told");
      continue;
    }
    if (by.server === victim?.server && text.startsWith("roomStopped")) {
      world.probe("stop told");
      continue;
    }
    if (isOfSabotage(scene, log, { by, position, text })) {
      world.probe("sabotage told");
      continue;
    }
    const client = by.client?.me.client ?? "";
    if (staysOf(client, log).some((stay) => isMissedStay({ position, text }, stay))) {
      world.probe("missed for want of a Welcome");
      continue;
    }
    const entry = log.at(position)?.entry;
    // What it was is forgotten with its entry.
    const mayBeGarbage = network.garbage.size > 0 && servers[0]?.wasRestored === true && !entry;
    const isGarbage =
      (entry?.kind === "application" && network.garbage.has(toHex(sha256(entry.message)))) ||
      (mayBeGarbage && text.startsWith("undecryptable"));
    if (isGarbage) world.probe("garbage told");
    else world.violate("fault", `${by.name}: ${text} at ${position}`);
  }
}

/**
 * That a commit could be applied by nobody is told by everybody, as is what was said behind it; and by
 * whoever had to come back because of it, what they missed meanwhile.
 */
function isOfSabotage(scene: Scene, log: Log, { by, position, text }: Told): boolean {
  if (!scene.clients.some(({ hasSpoiled }) => hasSpoiled)) return false;
  if (isOfGarbage(text)) return true;
  if (text.startsWith("undecryptable: ")) return log.isVoid(position);
  return (
    text.endsWith(": missed") &&
    (mayMissBySabotage(scene, by) || isMissedByVoid(log, { position, text }, position))
  );
}

/**
 * What a hub has forgotten is said again for those who come back; and a store that was put back says
 * what it had still to say, and what the newer one had said. Others hold it where they read it first.
 */
function maySayAgain({ servers, clients, sent }: Scene, text: string | undefined): boolean {
  if (servers[0]?.wasRestored === true) return true;
  const by = sent.find((known) => known.text === text)?.by;
  return isOfPutBack(clients, by);
}

function isOfPutBack(clients: readonly SimClient[], by: string | undefined): boolean {
  return clients.some(({ address, wasPutBack }) => wasPutBack && address === by);
}

function checkSent(scene: Scene, all: ReadonlyMap<number, string>, log: Log): void {
  const { sent, servers, clients, world } = scene;
  const positions = new Map<string, number[]>();
  for (const [position, text] of all) {
    positions.set(text, [...(positions.get(text) ?? []), position]);
  }
  for (const { by, text, outcome, position, code } of sent) {
    const places = positions.get(text) ?? [];
    positions.delete(text);
    const wasRestored = servers[0]?.wasRestored === true;
    if (places.length > 1 && !maySayAgain(scene, text)) {
      world.violate("I2", `"${text}" stands at ${places.join(" and ")}`);
    }
    const isForgotten =
      (wasRestored && log.at(position ?? 0) === undefined) || log.isVoid(position ?? 0);
    if (outcome === "accepted" && isForgotten) {
      world.probe(places.length > 0 ? "forgotten, and said again" : "forgotten");
      continue;
    }
    // It stands in the log, and whoever was in had their store put back.
    const isUnread = places.length === 0 && log.at(position ?? 0) !== undefined;
    if (outcome === "accepted" && isUnread && clients.some(({ wasPutBack }) => wasPutBack)) {
      world.probe("read by a store that was put back, alone");
      continue;
    }
    if (outcome === "accepted" && !places.includes(position ?? 0)) {
      world.violate("I4", `"${text}" was accepted at ${position}, and stands at ${places[0]}`);
    }
    // A store that was put back does not know of a refusal that came to the newer one, and says it again.
    if (outcome === "refused" && places.length > 0 && !isOfPutBack(clients, by)) {
      world.violate("I5", `"${text}" was refused (${code}), and stands at ${places[0]}`);
    }
  }
  for (const text of positions.keys()) world.violate("I5", `nobody has said "${text}"`);
}

/**
 * Whether an entry behind the return of the hub is one that a client has no way to read, or need not:
 * - It was out, on its way out, or ahead of what the hub still has, and was taken out (again) before it
 *   came back. The log counts it in until then, though it has read nothing since.
 * - It came back behind the entry, tells of that, and whoever said it is out and cannot say it again.
 * - Its own server was put back behind the Welcome, which nobody else has, and it tells of that.
 */
function isPastRepair(
  { sent, clients, told, servers }: Scene,
  one: SimClient,
  { log, stay, has, position, text }: Missing,
): boolean {
  const gapAt = told.find(({ by, position: from, text: what }) => {
    const upTo = /^gap to (\d+): missed$/u.exec(what)?.[1];
    return by === one && from <= position && position <= Number(upTo ?? 0);
  })?.position;
  const isSetBack = servers.some(({ name, wasRestored }) => wasRestored && name === one.server);
  if (isSetBack && gapAt !== undefined && gapAt <= stay.after) return true;
  const restored = log.rows.find(({ entry }) => isReturn(entry))?.position;
  if (restored === undefined || position < restored) return false;
  const readOn = [...has].some((held) => held > restored && held > stay.after && held < stay.upTo);
  if (stay.after < restored && stay.upTo !== Infinity && !readOn) return true;
  const { by } = sent.find((known) => known.text === text) ?? {};
  const sender = clients.find(({ address }) => address === by)?.client?.me.client ?? "";
  return gapAt !== undefined && staysOf(sender, log).at(-1)?.upTo !== Infinity;
}

type Missing = {
  readonly log: Log;
  /** The one in which the entry was read by others. */
  readonly stay: Stay;
  readonly has: ReadonlySet<number>;
  readonly position: number;
  readonly text: string | undefined;
};

function isReturn(entry: Entry): boolean {
  return entry.kind === "tombstone" && entry.reason === TOMBSTONE_REASONS.restored;
}

function checkHeld(
  scene: Scene,
  one: SimClient,
  { isCountedIn, texts }: Held,
  { all, log }: { all: ReadonlyMap<number, string>; log: Log },
): void {
  const { world, givenUp, victim, told } = scene;
  const client = one.client?.me.client ?? "";
  const stays = staysOf(client, log);
  // What a member wishes is done, sooner or later.
  const isIn = !isCountedIn && stays.every(({ upTo }) => upTo === Infinity);
  if (one !== victim && givenUp.has(one.address) && isIn && !mayMissBySabotage(scene, one)) {
    world.violate("I4", `${one.name} gave a wish up and was in all the time`);
  }
  // Who was lied to, or put back, and says so need not have everything.
  const mayLack = one === victim || one.wasPutBack || mayMissBySabotage(scene, one);
  const tells = one === victim ? isLieKnown(scene) : told.some(({ by }) => by === one);
  const knows = isCountedIn || (mayLack && tells);
  const has = new Set(texts.map(({ position }) => position));
  const hasSaid = new Set(texts.map(({ text }) => text));
  if (has.size !== texts.length || hasSaid.size !== texts.length) {
    world.violate("I10", `${one.name} holds something twice`);
  }
  const lacks = (position: number): boolean => {
    const text = all.get(position) ?? "";
    return !has.has(position) && !(hasSaid.has(text) && maySayAgain(scene, text));
  };
  for (const position of all.keys()) {
    const stay = stays.find(({ after, upTo }) => position > after && position < upTo);
    const epoch = log.at(position)?.epoch ?? 0;
    // What was sealed before somebody came in is not for them, also if it comes later.
    const mayRead = stay !== undefined && epoch >= stay.epoch;
    if (has.has(position) && !mayRead) {
      world.violate("I11", `${one.name} reads ${position} without being in`);
    }
    if (!lacks(position) || !mayRead || knows) continue;
    const says = told.filter(({ by }) => by === one);
    if (says.some((each) => isMissedStay(each, stay) || isMissedByVoid(log, each, position)))
      continue;
    if (isBehindVoidRemoval(client, log, stay, position)) continue;
    const missing = { log, stay, has, position, text: all.get(position) };
    if (isPastRepair(scene, one, missing)) world.probe("lacked by who came back late");
    else world.violate("I6", `${one.name} lacks ${position}`);
  }
}

async function infoOf(client: Client, room: string): Promise<ConversationInfo> {
  return (await client.conversations.get(room)).info();
}

async function checkSecrets(scene: Scene): Promise<void> {
  const { clients, room, world, victim } = scene;
  const secrets = new Map<string, string>();
  for (const one of clients) {
    // Whom the hub has others remove, and keeps that from, goes on in its last epoch.
    if (one === victim && (isLieKnown(scene) || world.probes.has("hub lied"))) continue;
    if (one.client === undefined || (await one.standing(room)) === undefined) continue;
    const info = await world.within(infoOf(one.client, room), "a look at the room");
    if (info.epochAuthenticator === "") continue;
    secrets.set(one.name, `${info.epoch} ${info.epochAuthenticator}`);
    const addresses = info.members.map(({ address }) => address);
    if (!addresses.includes(one.address)) {
      world.violate("I9", `${one.name} is in a room of ${addresses.join(", ")}`);
    }
  }
  if (new Set(secrets.values()).size > 1) {
    world.violate("I9", `they differ: ${JSON.stringify([...secrets])}`);
  }
}
