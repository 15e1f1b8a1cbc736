import { decodeEntryHeader } from "@treehouse/protocol";
import { expect, test } from "vitest";

import { password, startServer } from "../world/server.ts";
import { openTampered } from "../world/tampered.ts";
import { founded, next, reads } from "../world/waiting.ts";

test("FED-224 whose answer was lost, and who is out by then, is told that it was taken", async () => {
  await using server = await startServer();
  const alice = await server.register("alice");
  let hides = false;
  let answers = true;
  const bob = await openTampered(
    server,
    "bob",
    {
      frame(frame) {
        if (!hides) return [frame];
        if (frame.type === "submitted") return answers ? [frame] : [];
        if (frame.type !== "entry") return [frame];
        // The message never comes back to its author; what takes the author out does.
        const { kind } = decodeEntryHeader(frame.entry);
        answers ||= kind === "commit";
        return kind === "application" ? [] : [frame];
      },
    },
    { password, register: {} },
  );
  await bob.caughtUp();
  const [room] = await founded(alice, "room", [bob]);
  if (room === undefined) throw new Error("no room");
  const his = await bob.conversations.get(room.id);
  hides = true;
  answers = false;
  const said = his.send("was it taken?");
  await reads(alice, room.id, "was it taken?");
  const removed = next(bob, "removed");
  await room.remove([bob.me.address]);
  expect((await removed).room).toBe(room.id);
  await expect(said).resolves.toMatchObject({ position: 2 });
});
