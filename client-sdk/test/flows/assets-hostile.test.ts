import {
  type AssetLink,
  type HttpResponse,
  LIMITS,
  mintAssetUri,
  parseDomain,
  paths,
} from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client } from "../../src/client/index.ts";
import { SdkError } from "../../src/errors/index.ts";
import { content } from "../world/contents.ts";
import { startServer, type TestServer } from "../world/server.ts";
import { openTampered } from "../world/tampered.ts";

let server: TestServer;
let alice: Client;
/** What happens to each answer with octets of an asset. */
let tamper: (answer: HttpResponse) => HttpResponse = (answer) => answer;
let asked = 0;
let small: AssetLink;
let large: AssetLink;

const access = { kind: "own", name: "" } as const;
const sizes = { small: 70_000, large: LIMITS.assetPlainBytesMax + 1 };

beforeAll(async () => {
  server = await startServer();
  alice = await openTampered(
    server,
    "alice",
    {
      async fetch(request, ask) {
        const answer = await ask(request);
        if (!request.url.endsWith(paths.assetContent()) || answer.status !== 206) return answer;
        asked += 1;
        return tamper(answer);
      },
    },
    { password: "correct horse battery staple", register: {} },
  );
  const upload = (name: string, size: number) =>
    alice.assets.upload(content(size), { access: { ...access, name } });
  small = await upload("small", sizes.small);
  large = await upload("large", sizes.large);
});

afterAll(() => server[Symbol.asyncDispose]());

/** How many octets were handed out, and the code of what ended it; of `read` as well. */
async function handedOut(link: AssetLink): Promise<readonly (number | string)[]> {
  const opened = await alice.assets.open(link);
  let octets = 0;
  const streamed = await codeOf(async () => {
    for await (const piece of opened.stream()) octets += piece.length;
  });
  return [octets, streamed, await codeOf(() => opened.read(0, 10))];
}

async function codeOf(run: () => Promise<unknown>): Promise<string> {
  try {
    await run();
    return "all";
  } catch (error) {
    return error instanceof SdkError ? error.code : String(error);
  }
}

const nothing = [0, "assetDamaged", "assetDamaged"];
const all = (size: number) => [size, "all", "all"];

function withOctets(answer: HttpResponse, body: Uint8Array<ArrayBuffer>, more = 0): HttpResponse {
  const size = Number(answer.headers["content-range"]?.split("/")[1]) + more;
  const headers = { "content-range": `bytes 0-${body.length - 1}/${size}` };
  return { ...answer, headers, body };
}

function swapped(body: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const unit = Math.min(LIMITS.assetChunkBytes, Math.floor(body.length / 2));
  const result = body.slice();
  result.set(body.subarray(unit, 2 * unit), 0);
  result.set(body.subarray(0, unit), unit);
  return result;
}

function flipped(body: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const result = body.slice();
  result[100] = (result[100] ?? 0) ^ 1;
  return result;
}

test.each<[string, (answer: HttpResponse) => HttpResponse]>([
  ["one bit flipped", (answer) => withOctets(answer, flipped(answer.body))],
  ["chunks in another order", (answer) => withOctets(answer, swapped(answer.body))],
  ["a size that is larger", (answer) => withOctets(answer, answer.body, 16)],
  ["an end that is missing", (answer) => withOctets(answer, answer.body.slice(0, -16), -16)],
  ["octets behind the end", (answer) => withOctets(answer, new Uint8Array([...answer.body, 0]), 1)],
  ["another file's octets", (answer) => withOctets(answer, content(answer.body.length))],
  ["nothing but the tag", (answer) => withOctets(answer, answer.body.slice(-16), 16)],
])("R-085 of a file with %s nothing is handed out", async (_, damage) => {
  tamper = damage;
  asked = 0;
  expect([await handedOut(small), await handedOut(large)]).toEqual([nothing, nothing]);
  // What the own server has copied may be damaged, and is asked for anew, once.
  expect(asked).toBe(8);
  tamper = (answer) => answer;
  expect(await handedOut(small)).toEqual(all(sizes.small));
  expect(await handedOut(large)).toEqual(all(sizes.large));
});

test("the files are one of each kind", () => {
  expect([small.encryption, large.encryption]).toEqual(["plain", "chunked"]);
});

test("R-085 the last chunk counts only as the last, and none for another size, key or asset", async () => {
  const key = new Uint8Array(16);
  for (const wrong of [{ size: large.size + 1 }, { size: large.size - 70_000 }, { key }]) {
    expect(await handedOut({ ...large, ...wrong })).toEqual(nothing);
  }
  for (const wrong of [{ hash: new Uint8Array(32) }, { key }, { size: small.size * 2 }]) {
    expect(await handedOut({ ...small, ...wrong })).toEqual(nothing);
  }
  expect(await handedOut({ ...small, uri: large.uri })).toEqual(nothing);
  expect(await handedOut({ ...large, uri: small.uri })).toEqual(nothing);
});

test("R-085 a link that is none, and a file that is too large or gone, are told apart", async () => {
  const read = (link: AssetLink, bytesMax?: number) => alice.assets.read(link, { bytesMax });
  await expect(read({ ...small, key: new Uint8Array(3) })).rejects.toMatchObject({
    code: "malformed",
  });
  await expect(read(large, 1000)).rejects.toMatchObject({ code: "assetTooLarge" });
  const uri = mintAssetUri(parseDomain("localhost"), (length) => new Uint8Array(length));
  await expect(read({ ...large, uri })).rejects.toMatchObject({ code: "assetGone" });
});

test("small files are fetched once, until they are let go of", async () => {
  asked = 0;
  await alice.assets.read(small);
  await alice.assets.read(small);
  expect(asked).toBe(1);
  await alice.assets.forget(small);
  await alice.assets.read(small);
  expect(asked).toBe(2);
});
