import { once } from "node:events";
import { connect as connectTcp, createServer } from "node:net";
import type { TcpNetConnectOpts } from "node:net";
import { parseDomain } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { createConnector } from "../../src/peers/outbound/connect.ts";

const domain = parseDomain("victim.example");
const publicAddress = "93.184.215.14";

/** Asks what a connection would be made to, and makes it to a trap on this machine instead. */
async function connectTrapped(resolve: () => Promise<readonly string[]>) {
  const trap = createServer((socket) => socket.on("error", () => {})).listen(0, "127.0.0.1");
  await once(trap, "listening");
  const address = trap.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const wanted: TcpNetConnectOpts[] = [];
  const open = createConnector({
    resolve,
    development: new Map(),
    credentials: () => ({ trusted: [], own: undefined }),
    connect: (options) => {
      wanted.push(options);
      return connectTcp({ host: "127.0.0.1", port });
    },
  });
  const signal = new AbortController().signal;
  const error: unknown = await open({ domain, port: 443 }, signal).catch((caught) => caught);
  trap.close();
  return { wanted, error };
}

test("H-13 FED-916 a name is resolved once, and the connection made to that answer alone", async () => {
  let questions = 0;
  const { wanted, error } = await connectTrapped(async () => {
    questions += 1;
    return [questions === 1 ? publicAddress : "127.0.0.1"];
  });
  const [options] = wanted;
  const looked = await new Promise((resolve) => {
    options?.lookup?.("victim.example", { all: true }, (_error, addresses) => resolve(addresses));
  });
  expect(looked).toEqual([{ address: publicAddress, family: 4 }]);
  const single = await new Promise((resolve) => {
    options?.lookup?.("victim.example", {}, (_error, address) => resolve(address));
  });
  expect(single).toBe(publicAddress);
  expect([questions, wanted.length, options?.port]).toEqual([1, 1, 443]);
  // And what connected to another address all the same is not spoken to.
  expect(error).toMatchObject({ stage: "address", reason: "refused" });
});

test("H-13 FED-916 one inner address among public ones refuses the name before a connection", async () => {
  const { wanted, error } = await connectTrapped(async () => [publicAddress, "10.0.0.1"]);
  expect(wanted).toEqual([]);
  expect(error).toMatchObject({ stage: "address" });
});

test("a connection that takes too long ends at the latest with its signal", async () => {
  const open = createConnector({
    resolve: () => new Promise(() => {}),
    development: new Map(),
    credentials: () => ({ trusted: [], own: undefined }),
  });
  const controller = new AbortController();
  const opening = open({ domain, port: 443 }, controller.signal);
  controller.abort();
  await expect(opening).rejects.toMatchObject({ stage: "resolve", reason: "timeout" });
});
