import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  createHomeserver,
  createNodeEnv,
  loadConfig,
  type Homeserver,
} from "@treehouse/homeserver";
import {
  type Domain,
  mintRoomUri,
  parseDomain,
  peerDetailSchema,
  probeAnswerSchema,
} from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

import { EXIT } from "../../src/failure.ts";
import { type Ran, runWith } from "../world/terminal.ts";

const directory = mkdtempSync(join(tmpdir(), "treehouse-fed-"));
const network = new Map<Domain, URL>();
let a: Homeserver;
let b: Homeserver;

async function start(domain: string): Promise<Homeserver> {
  const config = loadConfig({
    overrides: {
      server: { domain, port: 0 },
      storage: { directory: join(directory, domain), reserve_mib: 1 },
      metrics: { enabled: false },
    },
  });
  const env = createNodeEnv({ log: { level: "error" } });
  const server = await createHomeserver({ config, env, developmentPeers: network });
  network.set(parseDomain(domain), new URL(server.url));
  return server;
}

const treehouse = (...args: readonly string[]): Promise<Ran> =>
  runWith(args, {
    env: {
      TREEHOUSE_HOME: join(directory, "home"),
      TREEHOUSE_SERVER: a.url,
      TREEHOUSE_PASSWORD: "correct horse battery staple",
    },
  });

beforeAll(async () => {
  [a, b] = [await start("a.example"), await start("b.example")];
  const invite = a.adminInvite ?? "";
  const { exit, err } = await treehouse(
    "account",
    "register",
    "alice@a.example",
    "--invite",
    invite,
  );
  if (exit !== EXIT.done) throw new Error(err);
});
afterAll(async () => {
  for (const server of [a, b]) await server[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

test("R-013 a probe finds another server, asks it something signed, and tells each step", async () => {
  const { out, exit } = await treehouse("fed", "probe", "b.example", "--json");
  const { works, steps } = probeAnswerSchema.parse(JSON.parse(out));
  expect(steps.map(({ step, result }) => `${step} ${result}`)).toEqual([
    "policy ok",
    "name skipped",
    "address skipped",
    "connection ok",
    "certificate skipped",
    "directory ok",
    "version ok",
    "key ok",
    "signature ok",
    "clock ok",
  ]);
  expect([works, exit]).toEqual([true, EXIT.done]);
  const text = await treehouse("fed", "probe", "b.example");
  expect(text.out).toContain("ok      signature: it took signed requests and answered them");
});

test("R-013 a probe of a server that is not there says what to do, and ends with 11", async () => {
  network.set(parseDomain("gone.example"), new URL("http://127.0.0.1:1"));
  const { out, exit } = await treehouse("fed", "probe", "gone.example");
  expect(out).toContain("failed  connection: nothing accepts connections there");
  expect(out).toContain("correct federation.development.peers: http://127.0.0.1:1");
  expect(exit).toBe(EXIT.failures);
  expect((await treehouse("fed", "probe", "a.example")).out).toContain("domain of this server");
  const wrong = await treehouse("fed", "probe", "no domain");
  expect([wrong.exit, wrong.err.includes("malformed")]).toEqual([EXIT.usage, true]);
});

test("FED-917 a server is denied, limited and allowed, and each decision holds at once", async () => {
  await treehouse("fed", "probe", "b.example");
  const denied = await treehouse("fed", "deny", "b.example", "--reason", "spam", "--for", "7d");
  expect([denied.exit, denied.out]).toEqual([EXIT.done, "In force.\n"]);
  const list = await treehouse("fed", "ls");
  expect(list.out).toMatch(/^b\.example {2}deny {2}last contact \S+ {2}\(spam\) until \S+$/m);
  expect(list.err).toContain('a.example federates in the mode "open"');
  const probed = await treehouse("fed", "probe", "b.example");
  expect(probed.out).toBe(
    "failed  policy: not allowed (rule b.example)\n" +
      "        Allow it with: treehouse fed allow b.example\n",
  );
  const retried = await treehouse("fed", "retry", "b.example");
  expect(retried).toMatchObject({ exit: EXIT.usage, out: "" });
  expect(retried.err).toMatch(/may not speak with b\.example.*\n.*treehouse fed allow/);
  const own = await treehouse("fed", "deny", "a.example");
  expect(own).toMatchObject({ exit: EXIT.usage, out: "" });
  expect(own.err).toContain("a.example is this server itself");
  await treehouse("fed", "limit", "b.example", "--rate", "5");
  await treehouse("fed", "deny", "*.bad.example");
  const limited = await treehouse("fed", "ls", "--json");
  expect(JSON.parse(limited.out)).toMatchObject({
    peers: [
      { domain: "b.example", policy: "limit", rule: { perMinute: 5 } },
      { subject: "*.bad.example", action: "deny" },
    ],
  });
  await treehouse("fed", "allow", "b.example", "--new-key");
  expect((await treehouse("fed", "probe", "b.example")).exit).toBe(EXIT.done);
  expect((await treehouse("fed", "unset", "b.example")).exit).toBe(EXIT.done);
  const again = await treehouse("fed", "unset", "b.example");
  expect([again.exit, again.err.includes("notFound")]).toEqual([EXIT.notFound, true]);
  await treehouse("fed", "unset", "*.bad.example");
});

test("one server is shown with its keys; what waits for it is tried again on demand", async () => {
  await treehouse("fed", "probe", "b.example");
  const { out } = await treehouse("fed", "show", "b.example", "--json");
  const peer = peerDetailSchema.parse(JSON.parse(out));
  expect(peer).toMatchObject({ state: "known", directory: { version: "mimi-06+1" } });
  expect(peer.keys).toMatchObject([{ pinned: true }]);
  const text = await treehouse("fed", "show", "b.example");
  expect(text.out).toContain(`key ${peer.keys[0]?.kid ?? "?"}: `);
  expect(text.out).toContain("development: reached at http://127.0.0.1");
  expect((await treehouse("fed", "retry", "b.example")).out).toBe("Tried again.\n");
  const unknown = await treehouse("fed", "show", "nobody.example");
  expect([unknown.exit, unknown.err.includes("notFound")]).toEqual([EXIT.notFound, true]);
  const noRule = await treehouse("fed", "unset", "nobody.example");
  for (const { err } of [unknown, noRule]) expect(err).toContain("`treehouse fed ls` lists");
});

/** In another process: two libraries in one would take each other's locks away. */
function write(sql: string): void {
  const script = `
    const { DatabaseSync } = require("node:sqlite");
    const database = new DatabaseSync(process.argv[1]);
    database.exec(process.argv[2]);
    database.close();`;
  const file = join(directory, "a.example", "treehouse.sqlite");
  execFileSync(process.execPath, ["--no-warnings", "-e", script, file, sql]);
}

test("FED-952 a room whose hub told two stories is shown, and goes on once somebody has looked", async () => {
  await treehouse("fed", "probe", "b.example");
  const [room, other] = [1, 2].map((fill) =>
    mintRoomUri(parseDomain("b.example"), (length) => new Uint8Array(length).fill(fill)),
  );
  write(`
    INSERT INTO delivery_followed (id, room, hub, hub_key, generation)
    VALUES (1, '${room}', 'b.example', zeroblob(32), 0);
    INSERT INTO delivery_followed_heads (room_id, term, epoch, position, hash, seen, frozen)
    VALUES (1, 1, 0, 7, zeroblob(32), 7, 1)`);
  const frozen = await treehouse("fed", "show", "b.example");
  expect(frozen.out).toContain(`FROZEN at 7: ${room}`);
  expect(frozen.out).toContain("treehouse fed thaw <room>");
  const thawed = await treehouse("fed", "thaw", room ?? "");
  expect([thawed.exit, thawed.out]).toEqual([
    EXIT.done,
    "It goes on from what its hub says now.\n",
  ]);
  const shown = await treehouse("fed", "show", "b.example", "--json");
  expect(JSON.parse(shown.out)).toMatchObject({ frozenRooms: [] });
  const unknown = await treehouse("fed", "thaw", other ?? "");
  expect([unknown.exit, unknown.err.includes("unknownRoom")]).toEqual([EXIT.notFound, true]);
});

test("durations and rates that are none are refused before the server is asked", async () => {
  const duration = await treehouse("fed", "deny", "b.example", "--for", "soon");
  expect([duration.exit, duration.err]).toEqual([
    EXIT.usage,
    "treehouse: --for takes a duration such as 30m, 12h or 7d (badDuration)\n",
  ]);
  expect((await treehouse("fed", "limit", "b.example", "--rate", "0")).exit).toBe(EXIT.usage);
});
