import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client } from "../../src/node.ts";
import { settle } from "../world/kills.ts";
import { openMortal } from "../world/mortal.ts";
import { keepData } from "../world/old-data.ts";
import { password, startServer, type TestServer } from "../world/server.ts";
import { joinedBy, reads, textsIn, until } from "../world/waiting.ts";

const full = process.env["TREEHOUSE_SCALE"] === "full";
/** The moments at which the client dies. */
const deaths = full ? Array.from({ length: 90 }, (_, index) => index + 1) : [2, 31];

let server: TestServer;
let bob: Client;

beforeAll(async () => {
  server = await startServer();
  await (await server.register("carol")).close();
  bob = await server.register("bob");
});

afterAll(async () => {
  await bob.close();
  await server[Symbol.asyncDispose]();
});

test(
  "T-20 R-057 a client may die at any moment while it finds back behind a restored server",
  async () => {
    let died = 0;
    for (const death of deaths) {
      const actor = `alice-${death}`;
      await (await server.register(actor)).close();
      const doomed = await openMortal(server, actor, { password });
      await doomed.client.caughtUp();
      const room = await doomed.client.conversations.create({
        name: actor,
        members: ["bob@localhost"],
      });
      const his = await joinedBy(bob, room.id);
      await settle(doomed);
      const old = await keepData(server);
      await room.send("lost one");
      await room.add(["carol@localhost"]);
      await room.send("lost two");
      await reads(bob, room.id, "lost two");
      await settle(doomed);
      doomed.arm(death);
      await old.putBack();
      await Promise.race([settle(doomed).catch(() => doomed.died), doomed.died]);
      if (await doomed.end()) died += 1;
      const again = await openMortal(server, actor, { password });
      // Carol has to bring new KeyPackages before she can be added again.
      await (
        await server.open("carol").then(async (carol) => {
          await carol.caughtUp();
          return carol;
        })
      ).close();
      const hers = await again.client.conversations.get(room.id);
      await until(again.client, async () => (await hers.members()).length === 3);
      await until(bob, async () => (await his.members()).length === 3);
      await hers.send("found back");
      await reads(bob, room.id, "found back");
      const [here, there] = [await hers.info(), await his.info()];
      expect(there.epochAuthenticator).toBe(here.epochAuthenticator);
      const texts = ["found back", "lost one", "lost two"];
      expect((await textsIn(hers)).toSorted()).toEqual(texts);
      expect((await textsIn(his)).toSorted()).toEqual(texts);
      await again.client.close();
    }
    expect(died).toBeGreaterThan(deaths.length / 2);
  },
  full ? 1_200_000 : 240_000,
);
