import {
  groupUriOf,
  mintClientUri,
  mintRoomUri,
  parseDomain,
  parseUserUri,
} from "@treehouse/protocol";
import { roomView, template } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { refuseFormer } from "./former-group.ts";

const hub = parseDomain("hub.test");
const [alice, mallory] = ["alice", "mallory"].map((name) => {
  const user = parseUserUri(`mimi://hub.test/u/${name}`);
  return { user, client: mintClientUri(user, (length) => new Uint8Array(length)) };
});
const room = mintRoomUri(hub, (length) => new Uint8Array(length));

test("FED-1135 what is of an earlier generation is told to come too late, to whoever is in", () => {
  if (alice === undefined || mallory === undefined) throw new Error("nobody is there");
  const state = template("group", { founder: alice.user, hub, term: 1 });
  const view = roomView(state, [{ leaf: 0, client: alice.client }]);
  const hosted = { room, generation: 2, view, leafOf: new Map([[alice.client, 0]]) };
  const of = (generation: number) => ({ groupId: groupUriOf(room, generation), epoch: 7 });
  expect(() => refuseFormer(hosted, alice, of(1), "epochTooOld")).toThrow(
    expect.objectContaining({ code: "epochTooOld", data: { currentEpoch: 8 } }),
  );
  expect(() => refuseFormer(hosted, alice, of(0), "wrongEpoch")).toThrow(
    expect.objectContaining({ code: "wrongEpoch" }),
  );
  refuseFormer(hosted, alice, of(2), "epochTooOld");
  refuseFormer(hosted, alice, { groupId: "no group", epoch: 7 }, "epochTooOld");
  refuseFormer(hosted, mallory, of(1), "epochTooOld");
});
