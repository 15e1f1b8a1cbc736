import type { Bytes } from "@treehouse/protocol";
import { LIMITS, toHex, utf8Encode } from "@treehouse/protocol";
import { treeHashRoot } from "ts-mls/treeHash.js";

import { toTsMls } from "../../src/crypto/index.ts";
import { changesBetween } from "../../src/member/changes.ts";
import { restoreSnapshot } from "../../src/member/restore-snapshot.ts";
import { loadPublicGroup, registerGroup } from "../../src/public/index.ts";
import { decodeTree } from "../../src/wire/index.ts";
import type { Member, Room } from "../world/room.ts";
import { none, persist } from "../world/room.ts";

/** All who follow the group describe it with the same words, or this throws. */
export async function checkAgreement(room: Room): Promise<void> {
  const { hub, world } = room;
  const shown = [hub.epoch, toHex(hub.treeHash), toHex(hub.confirmedTranscriptHash)].join(" ");
  const secrets = new Set<string>();
  for (const { group } of room.members) {
    const own = [group.epoch, toHex(group.treeHash()), toHex(group.confirmedTranscriptHash())];
    same("member and hub", own.join(" "), shown);
    same("member's tree", toHex(group.ratchetTree()), toHex(hub.ratchetTree()));
    const exported = await group.exportSecret("fuzz", utf8Encode("context"), 32);
    secrets.add(`${toHex(group.epochAuthenticator())} ${toHex(exported)}`);
  }
  same("number of different secrets", String(secrets.size), "1");
  const cold = { ...toTsMls(world.crypto).hash };
  const recomputed = await treeHashRoot(decodeTree(hub.ratchetTree()), cold);
  same("tree hash recomputed", toHex(recomputed), toHex(hub.treeHash));
  same("roster", rosterOf(room), hub.roster.map(({ leaf, client }) => `${leaf} ${client}`).join());
  const reloaded = await loadPublicGroup(world.context, room.stored);
  same("stored tree", toHex(reloaded.ratchetTree()), toHex(hub.ratchetTree()));
  same("stored context", toHex(reloaded.groupContext), toHex(hub.groupContext));
}

/** A server that begins to follow the group now sees what the hub sees. */
export async function checkRegistration({ hub, world }: Room): Promise<void> {
  const at = world.context.now();
  const { groupInfo } = hub;
  const { treeLeavesMax: leavesMax } = LIMITS;
  const registration = { groupInfo, ratchetTree: hub.ratchetTree(), at, leavesMax };
  const registered = await registerGroup(world.context, registration);
  same("registered context", toHex(registered.groupContext), toHex(hub.groupContext));
}

/** A message on its way to one member that is slow. */
export type Late = {
  member: Member;
  message: Bytes;
  text: Bytes;
  epoch: number;
};

/** Some send, all others read at once or later. Answers what is still on its way. */
export async function exchangeMessages(
  room: Room,
  late: readonly Late[],
): Promise<readonly Late[]> {
  const { random } = room.world;
  const waiting = [...late];
  for (let count = 0; count < 2; count++) {
    const sender = random.pick(room.members);
    if (sender.group.pendingRemovals.length > 0) continue;
    const text = random.bytes(random.below(200));
    const message = await sender.group.encrypt(text, none);
    persist(sender);
    for (const member of room.members.filter((one) => one !== sender)) {
      const { epoch } = sender.group;
      if (random.below(6) === 0) waiting.push({ member, message, text, epoch });
      else await read(member, message, text, sender);
    }
  }
  return readLate(room, waiting);
}

/** Messages of four epochs back can still be read. */
async function readLate(room: Room, late: readonly Late[]): Promise<readonly Late[]> {
  const kept: Late[] = [];
  for (const one of late) {
    if (!room.members.includes(one.member)) continue;
    const isDue = one.member.group.epoch - one.epoch >= 3 || room.world.random.below(3) === 0;
    if (isDue) await read(one.member, one.message, one.text, undefined);
    else kept.push(one);
  }
  return kept;
}

async function read(
  member: Member,
  message: Bytes,
  text: Bytes,
  sender: Member | undefined,
): Promise<void> {
  const opened = await member.group.decrypt(message);
  persist(member);
  same("plaintext", toHex(opened.plaintext), toHex(text));
  if (sender !== undefined) same("sender", opened.client, sender.identity.client);
}

/** The rows that were written step by step are those of the whole state. */
export function checkRows(member: Member): void {
  const whole = changesBetween(undefined, restoreSnapshot(member.rows)).put;
  same("names of rows", names(member.rows), names(whole));
  for (const [name, value] of whole) {
    const kept = member.rows.get(name);
    same(`row ${name}`, kept && toHex(kept), toHex(value));
  }
}

function names(rows: ReadonlyMap<string, unknown>): string {
  return [...rows.keys()].sort().join();
}

function rosterOf(room: Room): string {
  return room.members
    .map(({ group, identity }) => ({ leaf: group.ownLeaf, client: identity.client }))
    .sort((a, b) => a.leaf - b.leaf)
    .map(({ leaf, client }) => `${leaf} ${client}`)
    .join();
}

function same(what: string, found: string | undefined, expected: string): void {
  if (found !== expected) throw new Error(`${what}: ${found} instead of ${expected}`);
}
