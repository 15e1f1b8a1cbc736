import { MEDIA_TYPE_JSON, paths } from "@treehouse/protocol";
import { agree, ensure, Failed } from "../conformance/outcome.ts";
import type { World } from "../conformance/world.ts";
import { converse } from "./converse.ts";
import { operationsOf } from "./operations.ts";

/** A request of which servers in a row could disagree where it ends (CWE-444). */
export async function ambiguous(world: World): Promise<void> {
  const smuggled = `GET ${paths.health()} HTTP/1.1\r\nhost: x\r\n\r\n`;
  const post = `POST ${paths.loginStart()} HTTP/1.1\r\nhost: x\r\ncontent-type: ${MEDIA_TYPE_JSON}\r\n`;
  const requests = [
    `${post}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    `${post}content-length: 2\r\ncontent-length: 4\r\n\r\n{}{}${smuggled}`,
    `${post}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n${smuggled}`,
    `${post}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`,
    `${post}content-length: +2\r\n\r\n{}${smuggled}`,
    `${post}content-length : 2\r\n\r\n{}${smuggled}`,
    `${post}x: a\r\n content-length: 2\r\n\r\n{}${smuggled}`,
    `${post}transfer-encoding: chunked\r\n\r\n2;\n\r\n{}\r\n0\r\n\r\n${smuggled}`,
    `GET ${paths.health()} HTTP/1.1\nhost: x\n\n${smuggled}`,
    `GET ${paths.health()} HTTP/1.1\r\nhost: x\r\nhost: y\r\nx\u0000y: z\r\n\r\n${smuggled}`,
  ];
  for (const octets of requests) {
    const answer = await converse(world, octets);
    agree(`the answer to ${JSON.stringify(octets)}`, answer.match(/HTTP\/1\.1 \d+/g), [
      "HTTP/1.1 400",
    ]);
  }
  await healthy(world);
}

export async function largeHeaders(world: World): Promise<void> {
  const start = `GET ${paths.health()} HTTP/1.1\r\nhost: x\r\n`;
  const large = await converse(world, `${start}x: ${"a".repeat(20_000)}\r\n\r\n`);
  ensure(/^HTTP\/1\.1 4\d\d /.test(large), `a header of 20,000 octets is answered ${head(large)}`);
  const many = Array.from({ length: 3_000 }, (_, index) => `x${index}: y\r\n`).join("");
  const answer = await converse(world, `${start}${many}\r\n`);
  ensure(/^HTTP\/1\.1 4\d\d /.test(answer), `3,000 headers are answered ${head(answer)}`);
  await healthy(world);
}

export async function oddTargets(world: World): Promise<void> {
  for (const line of [
    "OPTIONS *",
    "CONNECT example.org:80",
    "GET http://example.org/",
    "GET //x",
  ]) {
    const answer = await converse(
      world,
      `${line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
    );
    ensure(!answer.startsWith("HTTP/1.1 2"), `${line} is answered ${head(answer)}`);
  }
  await healthy(world);
}

/** Synapse CVE-2021-41281: what stands for a room or a name is never a path. */
export async function spellings(world: World): Promise<void> {
  const alice = await world.account("alice");
  const parts = [
    "..",
    "%2e%2e",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "..%5c..%5cdomain",
    "%00",
    "%c0%ae%c0%ae",
    "%ff",
    "%",
    "a%2fb",
    "mimi%3a%2f%2fexample.org%2fr%2f..",
    "file%3a%2f%2f%2fetc%2fpasswd",
    "x".repeat(4_000),
  ];
  const places = (await operationsOf(world)).filter(({ path }) => path.includes("{"));
  ensure(places.length > 8, "the server's document has few operations with a variable");
  for (const { method, path } of places) {
    for (const part of parts) {
      const target = path.replaceAll(/\{\w+\}/g, part);
      const answer = await alice.ask(method, target);
      const isAnswer = answer.status < 500 || answer.status === 501;
      ensure(isAnswer, `${method} ${target} is answered ${answer.describe()}`);
      const text = new TextDecoder().decode(answer.body);
      ensure(!/root:|SQLite format/.test(text), `${method} ${target} shows a file`);
    }
  }
}

/** CVE-2022-36059: a key of a prototype does nothing to any object of the server's. */
export async function prototypes(world: World): Promise<void> {
  const { user, client } = await world.account("alice");
  const good = `"user":"${user}","client":"${client}","startLoginRequest":"AA"`;
  const { clients } = world.subject;
  for (const key of ["__proto__", "constructor", "prototype", "toString"]) {
    const answer = await clients.send({
      method: "POST",
      path: paths.loginStart(),
      headers: [
        ["host", clients.host],
        ["content-type", MEDIA_TYPE_JSON],
      ],
      body: new TextEncoder().encode(`{${good},"${key}":{"admin":true}}`),
    });
    answer.refused(`a request with ${key}`, "malformed");
    // As what it is, and not as the OPAQUE message with which the request would fail otherwise.
    const detail = String(answer.member("detail"));
    ensure(detail.includes("unknown fields"), `${key} is refused for something else: ${detail}`);
  }
}

/** Every operation that says that it needs a session refuses who has none. */
export async function unknown(world: World): Promise<void> {
  const { clients } = world.subject;
  const closed = (await operationsOf(world)).filter(({ open }) => !open);
  ensure(closed.length > 40, "the server's document has few operations that need a session");
  for (const { method, path } of closed) {
    for (const token of [undefined, "0".repeat(43), "null"]) {
      const answer = await clients.send({
        method,
        path: path.replaceAll(/\{\w+\}/g, "x"),
        headers: [
          ["host", clients.host],
          ...(token === undefined ? [] : [["authorization", `Bearer ${token}`] as const]),
        ],
      });
      const { status, headers } = answer;
      const told = [status, headers["www-authenticate"]];
      agree(`the answer to ${method} ${path} without a session`, told, [401, "Bearer"]);
    }
  }
}

async function healthy({ subject: { clients } }: World): Promise<void> {
  const headers = [["host", clients.host]] as const;
  const { status } = await clients.send({ method: "GET", path: paths.health(), headers });
  if (status !== 200) throw new Failed(`the server answers ${status} afterwards`);
}

function head(answer: string): string {
  return answer.slice(0, 40).split("\r\n")[0] ?? "";
}
