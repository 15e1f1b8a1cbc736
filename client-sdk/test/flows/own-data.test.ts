import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client, ExportLine } from "../../src/node.ts";
import { openTampered, type TamperedFetch } from "../world/tampered.ts";
import { password, startServer, type TestServer } from "../world/server.ts";
import { founded, reads } from "../world/waiting.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
  await (await server.register("bob")).close();
});

afterAll(() => server[Symbol.asyncDispose]());

const fresh = "another horse, another battery";

test("R-022 after a change of password the new one opens everything, and the old one nothing", async () => {
  const alice = await server.register("alice");
  await expect(
    alice.account.changePassword({ oldPassword: "a wrong password", newPassword: fresh }),
  ).rejects.toMatchObject({ code: "loginFailed" });
  await alice.settings.set({ blockOnKeyChange: false });
  await alice.account.changePassword({ oldPassword: password, newPassword: fresh });
  // The session goes on.
  expect((await alice.contacts.find("bob@localhost")).address).toBe("bob@localhost");
  await alice.close();
  await expect(server.open("alice", { password, login: true })).rejects.toMatchObject({
    code: "loginFailed",
  });
  const alarms: unknown[] = [];
  const again = await server.open("alice", { password: fresh, login: true });
  again.on("identityAlarm", (alarm) => alarms.push(alarm));
  // The bundle holds what it held: it is sealed anew once more, which takes its content.
  await again.account.changePassword({ oldPassword: fresh, newPassword: password });
  await again.caughtUp();
  expect(await again.settings.get()).toMatchObject({ blockOnKeyChange: false });
  expect(alarms).toEqual([]);
  await again.close();
  await (await server.open("alice", { password, login: true })).close();
});

test("T-37 a recovery bundle that the server has changed is told, and nothing is sealed anew", async () => {
  await (await server.register("dora")).close();
  let finished = 0;
  const fetch: TamperedFetch = async (request, ask) => {
    if (request.url.endsWith("/credential/finish")) finished += 1;
    const answer = await ask(request);
    if (!request.url.endsWith("/credential/proof") || answer.status !== 200) return answer;
    const body = JSON.parse(Buffer.from(answer.body).toString());
    const recoveryBundle = `AAAA${body.recoveryBundle.slice(4)}`;
    const changed = JSON.stringify({ ...body, recoveryBundle });
    return { ...answer, body: new Uint8Array(Buffer.from(changed)) };
  };
  const dora = await openTampered(server, "dora", { fetch });
  await expect(
    dora.account.changePassword({ oldPassword: password, newPassword: fresh }),
  ).rejects.toMatchObject({ code: "identityInvalid" });
  expect(finished).toBe(0);
  await dora.close();
  await (await server.open("dora", { password, login: true })).close();
});

test("R-172 an export has everything of one's own, in order, and no private key", async () => {
  await using carol = await server.register("carol");
  await using bob = await server.open("bob");
  const [room, theirs] = await founded(carol, "Tea", [bob]);
  if (room === undefined || theirs === undefined) throw new Error("two members");
  for (let count = 0; count < 3; count += 1) await room.send(`line ${count}`);
  await theirs.send("from bob");
  await reads(carol, room.id, "from bob");
  await carol.contacts.request("bob@localhost");
  await carol.contacts.setLabel("bob@localhost", "Bobby");
  await room.setOwnName("My tea");

  const lines = await exported(carol);
  const of = <F extends ExportLine["file"]>(file: F) =>
    lines.filter((line): line is Extract<ExportLine, { file: F }> => line.file === file);
  expect(of("account").map(({ value }) => value)).toEqual([
    expect.objectContaining({ address: "carol@localhost", client: carol.me.client }),
  ]);
  expect(of("sessions").map(({ value }) => value.current)).toEqual([true]);
  expect(of("settings").map(({ value }) => value)).toEqual([
    { setting: "blockOnKeyChange", value: true },
    { setting: "readReceipts", value: true },
    { setting: "deliveryReceipts", value: false },
    { setting: "presence", value: "contacts" },
    { setting: "typing", value: true },
    { setting: "autoDownloadBytes", value: 0 },
  ]);
  expect(of("contacts").map(({ value }) => value.address)).toEqual(["bob@localhost"]);
  expect(of("identities").map(({ value }) => value.label)).toEqual(["Bobby"]);
  expect(of("conversations").map(({ value }) => [value.name, value.ownName])).toEqual([
    ["Tea", "My tea"],
  ]);
  const texts = of("messages").flatMap(({ value }) =>
    value.kind === "message" ? [value.text] : [],
  );
  expect(texts).toEqual(["line 0", "line 1", "line 2", "from bob"]);
  const whole = await room.history({ limit: 1000 });
  expect(of("messages").map(({ value }) => value)).toEqual(whole);
  // Each value is JSON as it stands.
  expect(JSON.parse(JSON.stringify(lines)).length).toBe(lines.length);
});

test("R-172 an export reads a history of several pages, oldest first and without a gap", async () => {
  await using erin = await server.register("erin");
  const room = await erin.conversations.create({ name: "Long" });
  const sending = Array.from({ length: 220 }, (_, count) => room.send(`n ${count}`));
  await Promise.all(sending);
  const texts = (await exported(erin)).flatMap((line) =>
    line.file === "messages" && line.value.kind === "message" ? [line.value.text] : [],
  );
  expect(texts).toEqual(Array.from({ length: 220 }, (_, count) => `n ${count}`));
});

async function exported(client: Client): Promise<readonly ExportLine[]> {
  const lines: ExportLine[] = [];
  for await (const line of client.account.export()) lines.push(line);
  return lines;
}
