import type { Bytes } from "@treehouse/protocol";
import { concatBytes, Refusal } from "@treehouse/protocol";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";

import { createKeyPackage, joinExternal, joinWelcome, loadGroup } from "../../src/member/index.ts";
import { checkKeyPackage, loadPublicGroup, registerGroup } from "../../src/public/index.ts";
import type { Member, Room } from "../world/room.ts";
import { newcomer, none } from "../world/room.ts";
import { send, trio } from "../world/trio.ts";

const numRuns = process.env["TREEHOUSE_SCALE"] === "full" ? 20_000 : 150;

type Mutation = { at: number; octet: number; kind: "flip" | "cut" | "insert" | "repeat" };

/** A few changes somewhere in the octets; `at` is a fraction of the length. */
const mutations = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    octet: fc.integer({ min: 0, max: 255 }),
    kind: fc.constantFrom<Mutation["kind"]>("flip", "flip", "cut", "insert", "repeat"),
  }),
  { minLength: 1, maxLength: 4 },
);

function mutate(bytes: Bytes, list: readonly Mutation[]): Bytes {
  return list.reduce((before, { at, octet, kind }) => {
    const place = Math.floor(at * before.length);
    const [left, right] = [before.slice(0, place), before.slice(place)];
    switch (kind) {
      case "flip":
        return concatBytes(left, Uint8Array.of(octet), right.slice(1));
      case "cut":
        return left;
      case "insert":
        return concatBytes(left, Uint8Array.of(octet, octet, octet), right);
      case "repeat":
        return concatBytes(left, right, right);
    }
  }, bytes);
}

/** Passing is fine (a change may be none); whatever else is thrown is returned. */
async function faultOf(run: () => Promise<unknown>): Promise<unknown> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return error instanceof Refusal ? undefined : error;
  }
}

describe("for any octets there is an answer or a refusal", () => {
  let room: Room;
  let bob: Member;
  const valid = new Map<string, Bytes>();
  const doors = new Map<string, (bytes: Bytes) => Promise<unknown>>();

  beforeAll(async () => {
    const { room: founded, alice, bob: second, carol } = await trio(61);
    room = founded;
    bob = second;
    const { context } = room.world;
    const at = context.now();
    const dave = newcomer(room.world, "dave");
    const made = await createKeyPackage(context, dave.identity, {
      lifetimeMs: 1e9,
      lastResort: false,
    });
    const message = await send(alice, "hello");
    const proposal = await carol.group.proposeRemoval(1, none);
    const prepared = await alice.group.prepareCommit({ add: [made.keyPackage], remove: [2] }, none);
    const { commit, groupInfo, welcome = none } = prepared;
    const ratchetTree = room.hub.ratchetTree();
    const current = room.hub.groupInfo;
    const { group } = await room.hub.checkCommit({ ...prepared, at });
    const after = group.ratchetTree();
    const stored = room.hub.store();
    const external = { groupInfo: current, ratchetTree, authenticatedData: none, at };
    const joining = { welcome, ratchetTree: after, secrets: () => made.secret, at };
    const door = (name: string, bytes: Bytes, run: (bytes: Bytes) => Promise<unknown>) => {
      valid.set(name, bytes);
      doors.set(name, run);
    };
    door("commit at a member", commit, (bytes) =>
      bob.group.processCommit(bytes, { acceptedAt: at }),
    );
    door("proposal at a member", proposal, (bytes) => bob.group.processProposal(bytes));
    door("message", message, (bytes) => bob.group.decrypt(bytes));
    door("KeyPackage at a member", made.keyPackage, (bytes) =>
      bob.group.prepareCommit({ add: [bytes] }, none),
    );
    door("commit at the hub", commit, (bytes) =>
      room.hub.checkCommit({ commit: bytes, groupInfo, welcome, at }),
    );
    door("GroupInfo at the hub", groupInfo, (bytes) =>
      room.hub.checkCommit({ commit, groupInfo: bytes, welcome, at }),
    );
    door("Welcome at the hub", welcome, (bytes) =>
      room.hub.checkCommit({ commit, groupInfo, welcome: bytes, at }),
    );
    door("proposal at the hub", proposal, (bytes) => room.hub.checkProposals([bytes], at));
    door("KeyPackage", made.keyPackage, (bytes) => checkKeyPackage(context, bytes, { at }));
    door("founding tree", ratchetTree, (bytes) =>
      registerGroup(context, { groupInfo: current, ratchetTree: bytes, at, leavesMax: 5 }),
    );
    door("founding GroupInfo", current, (bytes) =>
      registerGroup(context, { groupInfo: bytes, ratchetTree, at, leavesMax: 5 }),
    );
    door("Welcome", welcome, (bytes) =>
      joinWelcome(context, dave.identity, { ...joining, welcome: bytes }),
    );
    door("tree of a Welcome", after, (bytes) =>
      joinWelcome(context, dave.identity, { ...joining, ratchetTree: bytes }),
    );
    door("GroupInfo of an external join", current, (bytes) =>
      joinExternal(context, dave.identity, { ...external, groupInfo: bytes }),
    );
    door("tree of an external join", ratchetTree, (bytes) =>
      joinExternal(context, dave.identity, { ...external, ratchetTree: bytes }),
    );
    door("room state", room.hub.roomState, (bytes) =>
      bob.group.prepareCommit({ roomState: bytes }, none),
    );
    door("leaf identity", bob.identity.leafIdentity, (bytes) =>
      bob.group.prepareCommit({ updateLeafIdentity: bytes }, none),
    );
    door("stored GroupContext", stored.groupContext, (bytes) =>
      loadPublicGroup(context, { ...stored, groupContext: bytes }),
    );
    door("stored row", bob.rows.get("secrets") ?? none, (bytes) =>
      loadGroup(context, bob.identity, new Map([...bob.rows, ["secrets", bytes]])),
    );
  });

  test("changed octets at every door", async () => {
    const names = [...valid.keys()];
    expect(names).toHaveLength(19);
    for (const name of names) {
      const run = doors.get(name);
      const bytes = valid.get(name);
      if (run === undefined || bytes === undefined) throw new Error("No such door.");
      await fc.assert(
        fc.asyncProperty(mutations, async (list) => {
          expect(await faultOf(() => run(mutate(bytes, list)))).toBeUndefined();
        }),
        { numRuns, seed: 1 },
      );
    }
  });

  test("any octets at every door", async () => {
    expect(doors.size).toBe(19);
    for (const run of doors.values()) {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
          expect(await faultOf(() => run(new Uint8Array(bytes)))).toBeUndefined();
        }),
        { numRuns, seed: 2 },
      );
    }
  });
});
