import { expect } from "vitest";

import type { Client, Conversation } from "../../src/node.ts";
import { type Mortal, openMortal } from "./mortal.ts";
import type { RunningServer } from "./server.ts";
import { heard, reads, textsIn, until } from "./waiting.ts";
import { Seals } from "./watched.ts";

/** What somebody is asked for, and is killed at. */
export interface Scene {
  /** So that it can be asked for (again); before anything is counted. */
  ready?(victim: Client, turn: number): Promise<unknown>;
  /** Resolves when the program has its answer. Asking for what is done already changes nothing. */
  act(victim: Client, turn: number): Promise<unknown>;
  /** Resolves once it is done, with the room in which the victim is then, if it is in one. */
  done(victim: Client, turn: number): Promise<string | undefined>;
  /** Whether the victim is in all the time, and has all that is said. */
  readonly isIn?: boolean;
}

/** Who is killed, and who sees what came of it. */
export interface Stage {
  readonly server: RunningServer;
  readonly victim: string;
  readonly witness: Client;
}

let scenesMade = 0;

/** Something that the victim does in a room in which it is and stays, while the witness says something. */
export function within(
  room: string,
  witness: Client,
  act: (mine: Conversation, turn: number) => Promise<unknown>,
  isDone: (theirs: Conversation, turn: number) => Promise<boolean>,
): Scene {
  const scene = (scenesMade += 1);
  /** By turns: an act may be asked for twice, and what is said once may still be on its way then. */
  const said = new Map<number, Promise<unknown>>();
  return {
    isIn: true,
    async act(victim, turn) {
      const theirs = await witness.conversations.get(room);
      const saying = said.get(turn) ?? theirs.send(`meanwhile ${scene} ${turn}`);
      said.set(turn, saying);
      await Promise.all([act(await victim.conversations.get(room), turn), saying]);
    },
    async done(_victim, turn) {
      const theirs = await witness.conversations.get(room);
      await until(witness, () => isDone(theirs, turn));
      await said.get(turn);
      return room;
    },
  };
}

const full = process.env["TREEHOUSE_SCALE"] === "full";

/** How many moments of each scene somebody dies at; at the full size they are all there are. */
const sampled = 2;

/**
 * Asks once to count the moments, then again and again, with a death at one of them each time: whoever
 * was killed is opened again with the same store and left alone. Then what was stored as a wish is done,
 * and not reported as what cannot be; what had been answered is done; and what was not wished for yet
 * can be asked for again. Answers how many deaths there were.
 */
export async function killThroughout(stage: Stage, scene: Scene): Promise<number> {
  const seals = new Seals();
  const orders = heard(stage.witness, "senderOrder");
  const open = () => openMortal(stage.server, stage.victim, { seals });
  let victim = await open();
  const play = async (turn: number, at?: number): Promise<void> => {
    await settle(victim);
    await scene.ready?.(victim.client, turn);
    await settle(victim);
    victim.arm(at);
    const asked = scene.act(victim.client, turn).then(() => victim.client.caughtUp());
    if (at === undefined) return asked;
    await Promise.race([asked.catch(() => victim.died), victim.died]);
    const isWished = (await victim.intents()) > 0;
    const isAnswered = !(await victim.end());
    victim = await open();
    const faults = heard(victim.client, "fault");
    await settle(victim);
    if (!isWished && !isAnswered) await scene.act(victim.client, turn);
    const room = await scene.done(victim.client, turn);
    await settle(victim);
    expect(faults.filter(({ code }) => code === "intentRefused")).toEqual([]);
    if (room !== undefined) await agree(scene, { room, turn }, [victim.client, stage.witness]);
  };
  await play(0);
  await scene.done(victim.client, 0);
  let died = 0;
  for (const [index, at] of momentsOf(victim.moments()).entries()) {
    const before = victim;
    await play(index + 1, at).catch((error: unknown) => {
      throw new Error(`killed at moment ${at}`, { cause: error });
    });
    if (await before.end()) died += 1;
  }
  expect(seals.reused).toEqual([]);
  expect(orders).toEqual([]);
  await victim.client.close();
  return died;
}

function momentsOf(all: number): readonly number[] {
  if (full) return Array.from({ length: all }, (_, index) => index + 1);
  return Array.from({ length: sampled }, (_, index) =>
    Math.max(1, Math.round(((index + 0.7) * all) / sampled)),
  );
}

/** Until no wish is open: each turn asks the server, so that nothing waits by the clock. */
export async function settle(one: Mortal): Promise<void> {
  await one.client.caughtUp();
  while ((await one.intents()) > 0) await one.client.caughtUp();
}

/** Both are in one epoch of one group, and have what is said once, in one order. */
async function agree(
  { isIn = false }: Scene,
  { room, turn }: { readonly room: string; readonly turn: number },
  clients: readonly [Client, Client],
): Promise<void> {
  const [mine, theirs] = [
    await clients[0].conversations.get(room),
    await clients[1].conversations.get(room),
  ];
  let infos;
  do {
    await Promise.all(clients.map((client) => client.caughtUp()));
    infos = [await mine.info(), await theirs.info()] as const;
  } while (infos[0].epoch !== infos[1].epoch);
  expect(infos[0].epochAuthenticator).toBe(infos[1].epochAuthenticator);
  expect(infos.map(({ health }) => health)).toEqual([{ state: "ok" }, { state: "ok" }]);
  const last = `after epoch ${infos[0].epoch} of ${turn}`;
  await theirs.send(last);
  await reads(clients[0], room, last);
  const [said, read] = [await textsIn(mine), await textsIn(theirs)];
  expect(new Set(read).size).toBe(read.length);
  expect(said).toEqual(isIn ? read : read.filter((text) => said.includes(text)));
  const kinds = (await mine.history({ limit: 10_000 })).map(({ kind }) => kind);
  expect(kinds).not.toContain("fault");
}
