import { expect, test } from "vitest";
import { south, TwoIslands } from "../federation/two-islands.ts";

/** More transactions than the scene below has on either side. */
const transactionsMax = 14;

/** Two bursts, something about no room, and a pause in which a head follows and rows go. */
async function scene(islands: TwoIslands): Promise<void> {
  const { world, hub } = islands;
  islands.say(3);
  await world.advance(20);
  if (hub.isUp) void hub.tell(south, "note");
  await world.advance(20);
  islands.say(2, "more");
  await world.advance(1_500);
  islands.say(1, "last");
  await world.advance(60_000);
}

for (const who of ["hub", "follower"] as const) {
  test(`R-015 FED-940 the ${who} may die at any transaction, before or after its commit`, async () => {
    let died = 0;
    for (let transaction = 1; transaction <= transactionsMax; transaction += 1) {
      for (const after of [false, true]) {
        await using islands = await TwoIslands.open(transaction, { [who]: { transaction, after } });
        await scene(islands);
        if (islands[who].deaths > 0) died += 1;
        await islands.expectLevel();
        const notes = await islands.follower.read((tx) => islands.follower.tables.notes(tx));
        expect(notes.length, "at most once").toBeLessThanOrEqual(1);
        expect(await islands.rows()).toBe(0);
        expect(islands.counted("streams_rewound")).toBe(0);
      }
    }
    expect(died, "the deaths happen").toBeGreaterThan(8);
  });
}

test("FED-952 a head that was owed when the server died is owed by its next life", async () => {
  await using islands = await TwoIslands.open();
  const { world, hub, follower, room } = islands;
  islands.say(1);
  await world.advance(200);
  islands.say(4, "more");
  await world.advance(200);
  expect((await islands.received()).length).toBe(5);
  expect(await follower.read((tx) => follower.tables.headOf(tx, room))).toBe(1);
  hub.kill();
  await hub.start();
  await world.advance(2_000);
  expect(await islands.expectLevel()).toBe(5);
  expect(await islands.rows()).toBe(0);
});

test("FED-940 what is added while there is just found to be nothing to send is sent, too", async () => {
  await using islands = await TwoIslands.open();
  const { world, hub, room } = islands;
  const other = islands.newRoom();
  islands.say(1);
  await world.advance(200);
  islands.say(1, "more");
  await world.advance(200);
  // The head that is owed will not be there, since the room has ended.
  await hub.transaction((tx) => hub.tables.expire(tx, room, 2));
  let reads = 0;
  hub.behaviour.beforeHead = async () => {
    reads += 1;
    if (reads === 1) await hub.say(other, "meanwhile", [south]);
  };
  await world.advance(1_000);
  expect(reads).toBeGreaterThan(0);
  await islands.expectLevel(other);
});

test("FED-940 no number is given twice, also after everything was taken and the server restarted", async () => {
  await using islands = await TwoIslands.open();
  const { world, hub } = islands;
  for (let life = 1; life <= 4; life += 1) {
    islands.say(3, `${life}-`);
    await world.advance(5_000);
    expect(await islands.rows()).toBe(0);
    hub.kill();
    await hub.start();
  }
  expect(await islands.expectLevel()).toBe(12);
  expect(islands.counted("streams_rewound")).toBe(0);
});

test("a stream that was taken up asks where it stands before it sends anything again", async () => {
  await using islands = await TwoIslands.open();
  const { world, hub, follower } = islands;
  islands.say(600);
  await world.advance(150);
  expect((await islands.received()).length).toBe(600);
  hub.kill();
  const lengths: number[] = [];
  follower.behaviour.intercept = ({ body }) => void lengths.push(body.length);
  await hub.start();
  await world.advance(10_000);
  expect(lengths.length).toBeGreaterThan(0);
  expect(Math.max(...lengths)).toBeLessThan(1_000);
  expect(await islands.expectLevel()).toBe(600);
});

test("FED-952 a room that goes on without the peer owes it no head after a restart", async () => {
  await using islands = await TwoIslands.open();
  const { world, hub, room } = islands;
  islands.say(1);
  await world.advance(2_000);
  // The commit that removes the peer's last member, and something that is not for it any more.
  void hub.say(room, "out", [south], true);
  await world.advance(200);
  expect((await islands.received()).length).toBe(2);
  hub.kill();
  await hub.start();
  void hub.say(room, "among us", []);
  await world.advance(10_000);
  expect(await islands.rows()).toBe(0);
});

test("FED-952 no head is owed where a restored hub takes back the commit that removes the peer", async () => {
  await using islands = await TwoIslands.open();
  const { world, hub, room } = islands;
  islands.say(1);
  await world.advance(2_000);
  islands.say(1, "before the backup");
  await world.advance(200);
  hub.kill();
  // The peer has told of that commit, so that no item brings it the head at it.
  hub.behaviour.beforeHead = (peer) => Promise.resolve(peer === south ? "none" : undefined);
  await hub.start();
  void hub.say(room, "among us", []);
  await world.advance(10_000);
  expect(await islands.rows()).toBe(0);
});
