import { gzipSync } from "node:zlib";
import { connect } from "node:net";
import type { Socket } from "node:net";
import {
  batchAnswerCodec,
  batchCodec,
  consentEntryCodec,
  identifierRequestCodec,
  LIMITS,
  parseDomain,
  parseUserUri,
  peerRoutes,
  userUri,
} from "@treehouse/protocol";
import type { Domain } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openRawPeer, askAs, rawKey, send, signedAs } from "../peers/raw-peer.ts";
import type { Answer, AskOptions, RawPeer } from "../peers/raw-peer.ts";
import { honestTraffic, startSiege } from "../hostile-peer/siege.ts";
import type { Siege } from "../hostile-peer/siege.ts";

const full = process.env["TREEHOUSE_SCALE"] === "full";

let siege: Siege;
let mallory: RawPeer;

beforeAll(async () => {
  const network = new Map<Domain, URL>();
  mallory = await openRawPeer("mallory.example", network);
  const strangers = { "mallory.example": network.get(mallory.domain)?.href ?? "" };
  siege = await startSiege({ strangers });
  // Known, and with a stream that is empty: what follows is not the first contact.
  await ask();
}, 120_000);

afterAll(async () => {
  await siege[Symbol.asyncDispose]();
  await mallory[Symbol.asyncDispose]();
});

/** A batch that would do something if it were believed: Mallory's user asks Alice for consent. */
function batch(incarnation = 1): Uint8Array {
  const body = consentEntryCodec.encode({
    operation: "request",
    requester: userUri(mallory.domain, "eve"),
    target: parseUserUri(siege.alice.me.user),
    room: undefined,
    note: "let me in",
    at: Date.now(),
  });
  return batchCodec.encode({
    incarnation: new Uint8Array(16).fill(incarnation),
    items: [{ sequence: 1, kind: 2, body }],
    heads: [],
  });
}

/** Something that changes nothing. */
function ask(options: AskOptions = {}): Promise<Answer> {
  const body = identifierRequestCodec.encode({ user: parseUserUri(siege.alice.me.user) });
  const path = peerRoutes.identifierQuery.replace("{domain}", "alpha.example");
  return askAs(mallory, siege.target, { body, path, ...options });
}

const notify = (options: AskOptions = {}): Promise<Answer> =>
  askAs(mallory, siege.target, { body: batch(), path: peerRoutes.notify, ...options });

async function expectRefused(answers: readonly Promise<Answer>[], code: string): Promise<void> {
  for (const answer of await Promise.all(answers)) expect(answer.refusal?.code).toBe(code);
}

test("H-01 requests with a signature that is not the sender's are refused, whoever they name", async () => {
  const objections = await siege.endure(async () => {
    const beta = { headers: { from: "mimi@beta.example" } };
    await expectRefused(
      [
        notify({ key: rawKey("k1") }),
        notify({ signed: { digest: new Uint8Array(32) } }),
        notify({ signed: { from: parseDomain("beta.example") } }),
        notify({ headers: { signature: `sig1=:${"A".repeat(86)}==:` } }),
      ],
      "signatureInvalid",
    );
    // Of a server that the target knows well, by a key that it has never shown.
    await expectRefused([notify(beta), notify({ ...beta, key: rawKey("k9") })], "peerUnknown");
  });
  expect(objections).toEqual([]);
});

test("H-02 a request that was signed for another server is refused, also under that one's name", async () => {
  const objections = await siege.endure(async () => {
    const signed = { authority: parseDomain("beta.example") };
    await expectRefused([notify({ signed })], "signatureInvalid");
    await expectRefused([notify({ signed, host: "beta.example" })], "misdirected");
  });
  expect(objections).toEqual([]);
});

test("H-03 a request that was received is refused afterwards, also later, and after a restart", async () => {
  const path = peerRoutes.identifierQuery.replace("{domain}", "alpha.example");
  const body = identifierRequestCodec.encode({ user: parseUserUri(siege.alice.me.user) });
  const taken = signedAs(mallory.domain, siege.target.domain, mallory.key, {
    now: Date.now(),
    body,
    path,
  });
  const again = (): Promise<Answer> => send(siege.target.url, taken.path, taken.headers, body);
  expect((await again()).status).toBe(200);
  const objections = await siege.endure(async () => {
    await expectRefused([again(), again()], "replayed");
    const now = Math.floor(Date.now() / 1000);
    const old = [301, 3_600, 86_400].map((age) => notify({ created: now - age }));
    await expectRefused(old, "signatureInvalid");
    expect((await old[0])?.refusal?.data.serverTime).toBeGreaterThan(0);
  });
  expect(objections).toEqual([]);
  const server = siege.world.server("alpha");
  await server.kill();
  await server.start();
  expect((await again()).refusal?.code).toMatch(/^(signatureInvalid|replayed)$/);
  await siege.pulse();
});

test("H-07 connections that send an octet a second are ended, and keep nobody from being served", async () => {
  const attack = async (): Promise<void> => {
    const { headers } = signedAs(mallory.domain, siege.target.domain, mallory.key, {
      now: Date.now(),
      body: batch(),
      path: peerRoutes.notify,
    });
    const head = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
    const start = `POST ${peerRoutes.notify} HTTP/1.1\r\n${head.join("")}content-length: 100000\r\n\r\n`;
    const sockets = Array.from({ length: 40 }, () => trickle(start));
    await siege.pulse();
    await Promise.all(sockets);
    await siege.pulse();
  };
  expect(await siege.endure(attack, honestTraffic)).toEqual([]);
});

/** Sends a head, and then an octet a second; resolves when the server has ended the connection. */
function trickle(start: string): Promise<void> {
  return new Promise((resolve) => {
    const socket: Socket = connect(Number(new URL(siege.target.url).port), "127.0.0.1");
    const timer = setInterval(() => socket.write("x"), 1_000);
    socket.on("error", () => undefined);
    socket.resume();
    socket.write(start);
    socket.once("close", () => {
      clearInterval(timer);
      resolve();
    });
  });
}

test("H-08 a body of ten gigabytes, and one that never ends, are cut off without being kept", async () => {
  const objections = await siege.endure(async () => {
    const announced = await notify({ headers: { "content-length": String(10 * 1024 ** 3) } }).catch(
      () => undefined,
    );
    // It may cut the connection while we still send; if it says something, it is this.
    expect([undefined, "tooLarge"]).toContain(announced?.refusal?.code);
    expect(await pour()).toBeLessThan(64 * 1024 * 1024);
  });
  expect(objections).toEqual([]);
});

/** Sends chunks until the server ends the connection; answers how many octets it took. */
function pour(): Promise<number> {
  const { headers } = signedAs(mallory.domain, siege.target.domain, mallory.key, {
    now: Date.now(),
    body: batch(),
    path: peerRoutes.notify,
  });
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
  const chunk = Buffer.concat([
    Buffer.from("10000\r\n"),
    Buffer.alloc(0x10000, 1),
    Buffer.from("\r\n"),
  ]);
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(siege.target.url).port), "127.0.0.1");
    const most = 256 * 1024 * 1024;
    const more = (): void => {
      while (!socket.destroyed && socket.bytesWritten < most && socket.write(chunk));
    };
    socket.on("drain", more);
    socket.on("error", () => undefined);
    socket.resume();
    socket.once("close", () => {
      resolve(socket.bytesWritten);
    });
    socket.write(
      `POST ${peerRoutes.notify} HTTP/1.1\r\n${head.join("")}transfer-encoding: chunked\r\n\r\n`,
    );
    more();
  });
}

test("H-09 a body that would unpack to a gigabyte is refused as it is", async () => {
  const objections = await siege.endure(async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    const answer = notify({ body: bomb, headers: { "content-encoding": "gzip" } });
    await expectRefused([answer], "unsupportedMediaType");
    await expectRefused([notify({ body: bomb })], "malformed");
  });
  expect(objections).toEqual([]);
});

test("H-10 a million tiny items are numbered and rejected, and leave no more than a window of them", async () => {
  const batches = full ? 2_000 : 120;
  const incarnation = new Uint8Array(16).fill(77);
  const objections = await siege.endure(async () => {
    const items = Array.from({ length: LIMITS.batchItemsMax + 1 }, (_, index) => ({
      sequence: index + 1,
      kind: 99,
      body: new Uint8Array(0),
    }));
    const many = { incarnation, items: items.slice(0, -1), heads: [] };
    expect(() => batchCodec.encode({ ...many, items })).toThrow("at most 512");
    let next = 1;
    const codes = new Set<string>();
    for (let sent = 0; sent < batches; sent += 1) {
      const numbered = many.items.map((item, index) => ({ ...item, sequence: next + index }));
      const body = batchCodec.encode({ ...many, items: numbered });
      const answer = await notify({ body });
      if (answer.refusal === undefined) {
        next = batchAnswerCodec.decode(new Uint8Array(answer.body)).next;
      } else {
        codes.add(answer.refusal.code);
      }
    }
    expect([...codes].filter((code) => code !== "rateLimited")).toEqual([]);
    expect(next).toBeGreaterThan(1 + LIMITS.batchItemsMax);
  }, [/^federation_(inbound|rejected) /]);
  expect(objections).toEqual([]);
});

test("H-11 depth is refused or read, and ends no process: in directories, problems and structs", async () => {
  const objections = await siege.endure(async () => {
    const deep = (around: string): string => around.repeat(30_000);
    mallory.respond = (incoming, outgoing) => {
      incoming.resume();
      outgoing.setHeader(
        "content-type",
        incoming.method === "GET" ? "application/json" : "application/problem+json",
      );
      outgoing.statusCode = incoming.method === "GET" ? 200 : 400;
      outgoing.end(deep("[") + deep("]"));
    };
    await expectRefused([notify({ key: rawKey("k77") })], "peerUnknown");
    await siege.alice.contacts.find("eve@mallory.example").catch((error: unknown) => error);
    mallory.respond = undefined;
    // Lengths within lengths, each as long as the rest.
    const nested = new Uint8Array(60_000).fill(0x40);
    await expectRefused([notify({ body: nested })], "malformed");
  });
  expect(objections).toEqual([]);
});

test("H-20 a clock that is a year ahead, or a key that begins then, is told and not believed", async () => {
  const objections = await siege.endure(async () => {
    const year = Math.floor(Date.now() / 1000) + 31_536_000;
    const answer = await notify({ created: year });
    expect(answer.refusal?.code).toBe("signatureInvalid");
    expect(Math.abs((answer.refusal?.data.serverTime ?? 0) - Date.now())).toBeLessThan(60_000);
  });
  expect(objections).toEqual([]);
});
