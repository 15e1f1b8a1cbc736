import {
  LIMITS,
  roomOfGroup,
  signHealthReport,
  type SignedHealthReport,
  type VoidEntry,
} from "@treehouse/protocol";
import { expect, test } from "vitest";

import { commit } from "../../../../packages/mls/test/world/room.ts";
import { trio } from "../../../../packages/mls/test/world/trio.ts";
import { isBorneOut } from "./check-void.ts";

test("T-20 FED-1104 two members and a hub take a client no further back than a hub keeps rooms", async () => {
  const { room, alice, bob, carol } = await trio(1_104);
  for (let count = 0; count < 6; count += 1) await commit(room, alice, {});
  const { group } = carol;
  const { crypto } = room.world;
  const place = roomOfGroup(group.group);
  const hash = new Uint8Array(32).fill(1);
  const told = (epoch: number): VoidEntry => {
    const position = epoch + 1;
    const faults = [alice, bob].map(({ group: { ownLeaf: leaf }, identity }): SignedHealthReport =>
      signHealthReport({ ...place, verdict: "fault", position, hash, epoch, leaf }, (message) =>
        crypto.sign(identity.signaturePrivateKey, message),
      ),
    );
    return {
      ...place,
      kind: "void",
      ephemeral: false,
      term: 1,
      position: 99,
      previous: hash,
      acceptedAt: 0,
      voided: position,
      epoch,
      leafChanges: [],
      rosterHash: hash,
      faults,
    };
  };
  // A client that was opened anew remembers no commit, and none remembers old ones.
  const forgotten = { hash: undefined, committer: undefined };
  const context = { member: room.world.context };
  const verdict = (epoch: number) => isBorneOut(context, group, told(epoch), forgotten);
  const oldest = group.epoch - LIMITS.epochWindowEpochs;
  expect([verdict(group.epoch - 1), verdict(oldest)]).toEqual([true, true]);
  expect([verdict(oldest - 1), verdict(0)]).toEqual([false, false]);
});
