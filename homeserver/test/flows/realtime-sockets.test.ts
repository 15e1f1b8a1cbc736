import { clientFrameCodec, LIMITS, RATE_LIMITS, utf8Encode } from "@treehouse/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { closeCodes } from "../../src/realtime/index.ts";
import { decodeText } from "../streams/reading.ts";
import { Socket } from "../streams/stream-client.ts";
import { StreamServer } from "../streams/stream-server.ts";

const runs = process.env["TREEHOUSE_SCALE"] === "full" ? 2_000 : 60;

test("R-146 a ticket opens one socket, once, within half a minute", async () => {
  await using server = await StreamServer.open();
  const alice = server.device();
  const ticket = await alice.ticket();
  const socket = await Socket.open(server.url, ticket);
  await expect(Socket.open(server.url, ticket)).rejects.toThrow("401");
  await expect(Socket.open(server.url, "never-given")).rejects.toThrow("401");
  const old = await alice.ticket();
  server.clock.advance(LIMITS.ticketLifetimeMs);
  await expect(Socket.open(server.url, old)).rejects.toThrow("401");
  const revoked = await alice.ticket();
  server.endSession(alice);
  await expect(Socket.open(server.url, revoked)).rejects.toThrow("401");
  await socket.ended;
});

test("a client that submits too fast is told when to try again", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const socket = await server.device().connect();
  const { count } = RATE_LIMITS.updatePerClient;
  const send = (requestId: number) =>
    socket.send({ type: "update", requestId, room, request: utf8Encode("x") });
  for (let turn = 1; turn <= count + 1; turn += 1) send(turn);
  await socket.until(() => socket.count("updated") >= count && socket.count("refused") >= 1);
  const refused = socket.frames.find(({ type }) => type === "refused");
  expect(refused).toMatchObject({ requestId: count + 1, code: "rateLimited" });
  const wait = refused?.type === "refused" ? (refused.retryAfterMs ?? 0) : 0;
  expect(wait).toBeGreaterThan(0);
  server.clock.advance(wait);
  send(count + 2);
  await socket.until(() => socket.count("updated") >= count + 1);
  await socket.close();
});

test("one client has one live socket: the newest", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const alice = server.device();
  await server.subscribe(alice, room);
  const first = await alice.connect();
  await first.caughtUp();
  const second = await server.sessionOf(alice.client).connect();
  expect((await first.ended).code).toBe(closeCodes.replaced);
  await second.caughtUp();
  await server.append(room, "for the newest");
  await second.until(() => second.entries().length >= 1);
  expect(first.entries()).toEqual([]);
  await second.close();
});

test("R-009 the socket of a session ends with it, and other sessions keep theirs", async () => {
  await using server = await StreamServer.open();
  const [alice, bob] = [server.device("alice"), server.device("bob")];
  const sockets = [await alice.connect(), await bob.connect()] as const;
  server.endSession(alice);
  expect((await sockets[0].ended).code).toBe(closeCodes.sessionEnded);
  server.endSession(server.sessionOf(bob.client));
  await sockets[1].caughtUp();
  await sockets[1].close();
});

test("a socket that is silent is pinged, and ended if nothing comes back", async () => {
  await using server = await StreamServer.open();
  const [alice, dead] = [server.device("alice"), server.device("dead")];
  const socket = await alice.connect();
  const deaf = await Socket.open(server.url, await dead.ticket(), { autoPong: false });
  deaf.send({ type: "hello", incarnation: undefined, cursors: [] });
  await Promise.all([socket.caughtUp(), deaf.caughtUp()]);
  for (let minute = 0; minute < 2; minute += 1) {
    const pinged = new Promise((resolve) => socket.raw.once("ping", resolve));
    server.clock.advance(LIMITS.socketPingMs + 5_000);
    await pinged;
    // The pong is with the server as soon as something sent after it is answered.
    socket.send({ type: "submit", requestId: 1, room: server.room(), request: utf8Encode("x") });
    await socket.until(() => socket.count("submitted") > minute);
  }
  expect((await deaf.ended).code).toBe(1006);
  await socket.close();
});

test("a socket asks its client to connect again before the session runs out unused", async () => {
  await using server = await StreamServer.open();
  const { client } = server.device();
  const socket = await server.sessionOf(client, 40_000).connect();
  server.clock.advance(15_000);
  await socket.caughtUp();
  server.clock.advance(10_000);
  expect((await socket.ended).code).toBe(closeCodes.goingAway);
});

test("a client that submits without reading its answers is read no further, and loses none", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const alice = server.device();
  await server.subscribe(alice, room);
  const socket = await alice.connect();
  await socket.caughtUp();
  const total = 2 * LIMITS.submissionsInFlightMax + 50;
  socket.raw.pause();
  for (let turn = 1; turn <= total; turn += 1) {
    const request = utf8Encode(`${turn}`.padEnd(20_000, " "));
    socket.send({ type: "submit", requestId: turn, room, request });
  }
  socket.raw.resume();
  await socket.until(() => socket.count("submitted") >= total && socket.entries().length >= total);
  expect(socket.entries().map((entry) => Number(decodeText(entry)))).toEqual(
    Array.from({ length: total }, (_, index) => index + 1),
  );
  await socket.close();
});

test("a socket without a hello does not stay", async () => {
  await using server = await StreamServer.open();
  const socket = await Socket.open(server.url, await server.device().ticket());
  server.clock.advance(20_000);
  expect((await socket.ended).code).toBe(closeCodes.policy);
});

test("FED-410 FED-413 what is no frame, no hello first, a second hello or text ends the socket", async () => {
  await using server = await StreamServer.open();
  const alice = server.device();
  const hello = clientFrameCodec.encode({ type: "hello", incarnation: undefined, cursors: [] });
  const early = clientFrameCodec.encode({ type: "acknowledge", cursors: [] });
  for (const messages of [[Uint8Array.of(99)], [early], [hello, hello], [hello.subarray(0, 2)]]) {
    const socket = await Socket.open(server.url, await alice.ticket());
    for (const message of messages) socket.raw.send(message);
    expect((await socket.ended).code).toBe(closeCodes.protocolError);
    expect(socket.frames.at(-1)).toMatchObject({
      type: "refused",
      requestId: 0,
      code: "malformed",
    });
  }
  const socket = await Socket.open(server.url, await alice.ticket());
  socket.raw.send("text");
  expect((await socket.ended).code).toBe(closeCodes.unsupportedData);
  const large = await Socket.open(server.url, await alice.ticket());
  large.raw.send(new Uint8Array(LIMITS.frameBytesMax + 1));
  expect((await large.ended).code).toBe(1009);
});

test("no octets from one client disturb the server or another client", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const alice = server.device();
  await server.subscribe(alice, room);
  const witness = await alice.connect();
  const hello = clientFrameCodec.encode({ type: "hello", incarnation: undefined, cursors: [] });
  const frame = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .tuple(fc.constantFrom(1, 2, 3, 4), fc.uint8Array({ maxLength: 80 }))
      .map(([type, rest]) => Uint8Array.of(type, ...rest)),
  );
  let sent = 0;
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(frame, { maxLength: 6 }), async (greets, frames) => {
      const mallory = server.device("mallory");
      const socket = await Socket.open(server.url, await mallory.ticket());
      if (greets) socket.raw.send(hello);
      for (const message of frames) socket.raw.send(message);
      await socket.close();
      await server.append(room, `${(sent += 1)}`);
      await witness.until(() => witness.entries().length >= sent);
    }),
    { numRuns: runs },
  );
  expect(server.logLines.join("\n")).not.toMatch(/failed|"level":"error"/i);
  await witness.close();
});

test("a server that stops tells its clients, writes their cursors and opens nothing more", async () => {
  const server = await StreamServer.open();
  const room = server.room();
  const alice = server.device();
  await server.subscribe(alice, room);
  await server.append(room, "one");
  await server.append(room, "two");
  const socket = await alice.connect();
  await socket.caughtUp();
  socket.send({ type: "acknowledge", cursors: [{ stream: room, position: 1 }] });
  socket.send({ type: "submit", requestId: 1, room: server.room(), request: utf8Encode("x") });
  await socket.until(() => socket.count("submitted") >= 1);
  await using next = await server.restart();
  expect((await socket.ended).code).toBe(closeCodes.goingAway);
  const { subscriptions } = await next.again(alice).subscriptions();
  expect(subscriptions.at(-1)).toMatchObject({ stream: room, cursor: 1, head: 2 });
});
