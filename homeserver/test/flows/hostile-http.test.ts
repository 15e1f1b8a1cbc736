import { connect } from "node:net";
import type { Socket } from "node:net";
import { LIMITS, MEDIA_TYPE_JSON, MEDIA_TYPE_TLS, paths, routes } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { converse, operationsOf, sendAndCut, startWholeServer } from "../hostile/whole-server.ts";
import type { Operation } from "../../../federation-spec/src/attacks/operations.ts";
import type { WholeServer } from "../hostile/whole-server.ts";
import { ask } from "../people/ask.ts";
import { createPerson } from "../people/person.ts";
import { openSmallServer } from "../people/small-server.ts";

let server: WholeServer;
let operations: readonly Operation[];
let token: string;

beforeAll(async () => {
  server = await startWholeServer();
  operations = await operationsOf(server.url);
  ({ token } = await server.enrol("mallory"));
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const healthy = async (): Promise<void> =>
  expect((await ask(server.url, paths.health())).status).toBe(200);

test("T-39 a connection that is cut while it asks for another protocol ends nothing else", async () => {
  const asking = (target: string, protocol: string): string =>
    `GET ${target} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: ${protocol}\r\n\r\n`;
  for (let count = 0; count < 20; count += 1) {
    await sendAndCut(server.url, asking("/nothing", "websocket"));
    await sendAndCut(server.url, asking("/v1/stream?ticket=none", "websocket"));
    await sendAndCut(server.url, asking(paths.health(), "h2c"));
  }
  await healthy();
  expect(await converse(server.url, asking(paths.health(), "h2c"))).toMatch(/^HTTP\/1\.1 200 /);
  expect(await converse(server.url, asking("/nothing", "websocket"))).toMatch(/^HTTP\/1\.1 404 /);
  expect(server.faults()).toEqual([]);
});

test("T-39 an asker that is gone before its answer, at any operation, ends nothing else", async () => {
  const person = createPerson("gone");
  const start = `{"user":"${person.user}","client":"${person.client}","startLoginRequest":"AA"}`;
  for (const { method, path, mediaType } of operations) {
    const target = path.replaceAll(/\{\w+\}/g, encodeURIComponent(person.client));
    for (const [declared, body] of [
      [start.length, start],
      [start.length, start.slice(1)],
      [LIMITS.requestBodyBytesMax + 1, start],
    ] as const) {
      await sendAndCut(
        server.url,
        `${method} ${target} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n` +
          `content-type: ${mediaType ?? MEDIA_TYPE_JSON}\r\ncontent-length: ${declared}\r\n\r\n${body}`,
      );
    }
    if (method === "DELETE" && path === paths.session()) {
      ({ token } = await server.enrol("mallory-again"));
    }
  }
  await healthy();
  expect(server.faults()).toEqual([]);
});

test("every operation that needs a session says so", async () => {
  const open = operations.filter((operation) => operation.open).map(({ path }) => path);
  expect(open.toSorted()).toEqual(
    [
      paths.health(),
      paths.server(),
      paths.openapi(),
      paths.registrationStart(),
      paths.registrationFinish(),
      paths.loginStart(),
      paths.loginFinish(),
      paths.loginFactor(),
      paths.clientsProof(),
      routes.rendezvous,
      routes.rendezvousJoining,
      paths.recoveryStart(),
      paths.recoveryProof(),
      paths.externalStart(),
      paths.passkeyProofStart(),
      paths.passkeyProofFinish(),
      paths.externalFinish(),
      paths.resetRequest(),
      paths.resetStart(),
      paths.resetFinish(),
      paths.clients(),
      paths.clientRevocations(),
    ].toSorted(),
  );
});

test("T-39 one asker's bodies are bounded together, however many requests hold them open", async () => {
  const [mallory, alice] = [await server.enrol("mallory-two"), await server.enrol("alice")];
  const share = LIMITS.requestBodyBytesMax - 1;
  const held: Socket[] = [];
  const answers: Promise<string>[] = [];
  const head =
    `POST ${paths.keyPackages()} HTTP/1.1\r\nhost: x\r\ncontent-type: ${MEDIA_TYPE_TLS}\r\n` +
    `authorization: Bearer ${mallory.token}\r\ncontent-length: ${share + 1}\r\n\r\n`;
  const fits = Math.floor(LIMITS.bodiesBytesPerUserMax / share);
  for (let count = 0; count <= fits; count += 1) {
    const socket = connectTo(server.url);
    held.push(socket);
    answers.push(answerOf(socket));
    socket.write(head);
    socket.write(new Uint8Array(share));
  }
  // All but one wait for their last octet; that one is told to come back.
  expect(await Promise.race(answers)).toMatch(/^HTTP\/1\.1 429 [^]*bodiesBytesPerUserMax/);
  const others = await ask(server.url, paths.keyPackages(), {
    token: alice.token,
    tls: new Uint8Array(LIMITS.requestBodyBytesMax - 1),
  });
  expect(others.refusal?.code).toBe("malformed");
  for (const socket of held) socket.destroy();
  // What was held is given back with the connections.
  let code: string | undefined;
  do {
    const tls = new Uint8Array(share);
    code = (await ask(server.url, paths.keyPackages(), { token: mallory.token, tls })).refusal
      ?.code;
  } while (code === "rateLimited");
  expect(code).toBe("malformed");
});

test("R-026 a request held open until its session has ended is not performed", async () => {
  await using small = await openSmallServer();
  const root = createPerson("root", { now: small.now() });
  const { session } = await small.authentication.enrol({ ...root, admin: true });
  const body = JSON.stringify({ uses: 1 });
  const socket = connectTo(small.url);
  const answer = answerOf(socket);
  socket.write(
    `POST ${paths.invites()} HTTP/1.1\r\nhost: x\r\ncontent-type: ${MEDIA_TYPE_JSON}\r\n` +
      `expect: 100-continue\r\n` +
      `authorization: Bearer ${session.token}\r\ncontent-length: ${body.length}\r\n\r\n{`,
  );
  // Its headers have been read when this comes.
  await new Promise((resolve) => socket.once("data", resolve));
  await ask(small.url, paths.session(), { token: session.token, method: "DELETE" });
  small.advance(5_000);
  socket.write(body.slice(1));
  expect(await answer).toMatch(/HTTP\/1\.1 401 [^]*sessionEnded/);
});

function connectTo(url: string): Socket {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.on("error", () => {});
  return socket;
}

/** What comes up to the end of the answer's body, which is a problem. */
function answerOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let received = "";
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
      if (received.includes("}")) resolve(received);
    });
  });
}
