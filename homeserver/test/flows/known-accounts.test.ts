/** Whether there is an account, and what it has, shows in no answer to whoever has proved nothing. */
import { randomInt } from "node:crypto";
import {
  loginStartAnswerSchema,
  paths,
  recoveryStartAnswerSchema,
  routes,
  toBase64Url,
  totpStartAnswerSchema,
} from "@treehouse/protocol";
import { Secret, TOTP } from "otpauth";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, askProved } from "../people/ask.ts";
import type { Answer } from "../people/ask.ts";
import { codeIn, openMailbox } from "../people/mailbox.ts";
import type { Mailbox } from "../people/mailbox.ts";
import { createPerson } from "../people/person.ts";
import type { Person } from "../people/person.ts";
import { beginLogin, beginRegistration, register } from "../people/sign-in.ts";
import { openSmallServer } from "../people/small-server.ts";
import type { SmallServer } from "../people/small-server.ts";

const full = process.env["TREEHOUSE_SCALE"] === "full";
const address = "alice@mail.example";
const hour = 3_600_000;

let mailbox: Mailbox;
let server: SmallServer;
/** Alice has everything that an account can have. The others have as long a name, and no account. */
let alice: Person;
let unknown: readonly Person[];

beforeAll(async () => {
  mailbox = await openMailbox();
  server = await openSmallServer({ smtpUrl: mailbox.url });
  alice = createPerson("alice");
  unknown = ["aline", "bella", "clara"].map((name) => createPerson(name));
  const invite = await server.authentication.ensureAdminInvite();
  const { session } = await register(server.url, alice, { password: "the right one", invite });
  const act = (path: string, json?: unknown) =>
    askProved(alice, server.url, path, {
      method: "POST",
      token: session.token,
      ...(json ? { json } : {}),
    });
  await act(paths.email(), { address });
  await act(paths.emailConfirm(), { code: codeIn(await mailbox.arrival(0)) });
  const { secret } = totpStartAnswerSchema.parse((await act(paths.totp())).json);
  const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate({
    timestamp: server.now(),
  });
  const confirmed = await act(paths.totpConfirm(), { code });
  if (confirmed.refusal) throw confirmed.refusal;
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await mailbox[Symbol.asyncDispose]();
});

/** What can be asked about somebody without a session, by the path of the last request. */
const questions: Readonly<Record<string, (who: Person) => Promise<Answer>>> = {
  [routes.loginStart]: async (who) => (await wrongLogin(who)).started,
  [routes.loginFinish]: async (who) =>
    ask(server.url, paths.loginFinish(), { json: (await wrongLogin(who)).finish }),
  [routes.clientsProof]: async (who) => {
    const { started } = await wrongLogin(who);
    const { loginId } = loginStartAnswerSchema.parse(started.json);
    const finishLoginRequest = toBase64Url(new Uint8Array(64));
    const json = { loginId, client: who.client, finishLoginRequest, code: "123456" };
    return ask(server.url, paths.clientsProof(), { json });
  },
  [routes.recoveryStart]: (who) => startRecovery(who),
  [routes.recoveryProof]: async (who) => {
    const { challenge } = recoveryStartAnswerSchema.parse((await startRecovery(who)).json);
    const signature = toBase64Url(new Uint8Array(64));
    const json = { challenge, client: who.client, signature, code: "123456" };
    return ask(server.url, paths.recoveryProof(), { json });
  },
  [routes.resetRequest]: (who) =>
    ask(server.url, paths.resetRequest(), { json: { user: who.user, address } }),
  [routes.registrationStart]: async (who) =>
    (await beginRegistration(server.url, who, { password: "x" })).started,
  [routes.registrationFinish]: async (who) => {
    const { finish } = await beginRegistration(server.url, who, { password: "x" });
    return ask(server.url, paths.registrationFinish(), { json: finish });
  },
};

/** Requests that name nobody: what they bring is the server's own, and random. */
const aboutNobody: readonly string[] = [
  routes.loginFactor,
  routes.clients,
  routes.clientRevocations,
  routes.resetStart,
  routes.resetFinish,
  routes.externalStart,
  routes.externalFinish,
  routes.passkeyProofStart,
  routes.passkeyProofFinish,
];

function startRecovery({ user, client }: Person): Promise<Answer> {
  return ask(server.url, paths.recoveryStart(), { json: { user, client } });
}

function wrongLogin(who: Person) {
  return beginLogin(server.url, { ...who, password: "a wrong one" });
}

/** All that can be told apart: texts by their length, times and ids by their form. */
function shapeOf(answer: Answer): unknown {
  const { date, "x-request-id": id, ...headers } = Object.fromEntries(answer.headers);
  expect([date, id].every((text) => text !== undefined)).toBe(true);
  return { status: answer.status, headers, body: formOf(answer.json), length: answer.bytes.length };
}

function formOf(value: unknown): unknown {
  if (typeof value === "string") return value.length;
  if (Array.isArray(value)) return value.map(formOf);
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, formOf(part)]));
}

test("R-022 each open request either names nobody or is among those that are compared", () => {
  const modules = [server.authentication, server.factors, server.keyPackages, server.queuing];
  const open = modules
    .flatMap((module) => module.routes)
    .filter(({ access }) => access === "open")
    .map(({ path }) => path);
  expect(open.toSorted()).toEqual([...Object.keys(questions), ...aboutNobody].toSorted());
});

test("R-022 known and unknown accounts cost the same work, whatever is asked and however often", async () => {
  // A fixed order would let what comes first differ by its place.
  const order = [alice, ...unknown, ...unknown.toReversed(), alice, unknown[0] ?? alice, alice];
  for (const [path, question] of Object.entries(questions)) {
    // What a reset costs comes behind its answer; and for that reason this test comes first.
    if (path === routes.resetRequest) continue;
    const costs: unknown[] = [];
    for (const who of order) {
      server.advance(hour);
      const before = { ...server.work };
      await question(who);
      const { signatures, statements } = server.work;
      costs.push([signatures - before.signatures, statements - before.statements]);
    }
    expect({ path, costs }).toEqual({ path, costs: costs.map(() => costs[0]) });
  }
});

test("R-022 known and unknown accounts are answered alike: status, headers, form and length", async () => {
  for (const [path, question] of Object.entries(questions)) {
    const shapes: unknown[] = [];
    for (const who of [alice, ...unknown]) {
      server.advance(hour);
      shapes.push(shapeOf(await question(who)));
    }
    expect({ path, shapes }).toEqual({ path, shapes: shapes.map(() => shapes[0]) });
  }
});

test.runIf(full)(
  "R-022 the times of answers to known and unknown accounts are of one distribution",
  async () => {
    const rounds = { [routes.loginStart]: 5_000, [routes.resetRequest]: 500 };
    const strangers = Array.from({ length: 100 }, (_, index) => createPerson(`u${1000 + index}`));
    for (const [path, count] of Object.entries(rounds)) {
      const question = questions[path];
      if (question === undefined) throw new Error("a question");
      const known: number[] = [];
      const others: number[] = [];
      for (let round = 0; round < 2 * count; round += 1) {
        server.advance(hour);
        // Drawn, so that nothing that recurs falls on the same side each time.
        const isKnown = randomInt(2) === 0;
        // Made before: what a test does in between must not show in what is measured after it.
        const who = isKnown ? alice : (strangers[round % strangers.length] ?? alice);
        const began = performance.now();
        await question(who);
        (isKnown ? known : others).push(performance.now() - began);
      }
      expect(Math.min(known.length, others.length)).toBeGreaterThan(count / 4);
      // Kolmogorov and Smirnov, at p = 0.01.
      const bound = 1.63 * Math.sqrt(1 / known.length + 1 / others.length);
      const apart = distance(known, others);
      expect({ path, apart, bound, same: apart < bound }).toMatchObject({ same: true });
    }
  },
  600_000,
);

/** The greatest distance between the two distributions. */
function distance(left: readonly number[], right: readonly number[]): number {
  const sides = [left, right].map((values) => values.toSorted((a, b) => a - b));
  const share = (values: readonly number[], at: number): number => {
    let [low, high] = [0, values.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((values[middle] ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    return low / values.length;
  };
  const [a = [], b = []] = sides;
  return Math.max(...[...a, ...b].map((at) => Math.abs(share(a, at) - share(b, at))));
}

test("the distance of distributions is nothing for the same, and one for those apart", () => {
  expect(distance([1, 2, 3], [1, 2, 3])).toBe(0);
  expect(distance([1, 2, 3], [4, 5, 6])).toBe(1);
  expect(distance([1, 2, 3, 4], [3, 4, 5, 6])).toBe(0.5);
});
