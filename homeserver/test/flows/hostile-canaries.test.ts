import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { inviteAnswerSchema, paths, toBase64Url, toHex } from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { until } from "../../../client-sdk/test/world/waiting.ts";
import { joined, password, startPeopleWorld, textsOf } from "../hostile/people-world.ts";
import { ask } from "../people/ask.ts";
import { createPerson } from "../people/person.ts";
import { login, register } from "../people/sign-in.ts";
import { Device } from "../streams/stream-client.ts";

const message = "canary-message-Vt0sQz81";
const name = "canary-room-name-hM3u";

/** All octets of all files of a folder, by their path. */
function filesIn(folder: string): ReadonlyMap<string, Buffer> {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((file) => join(folder, file))
    .filter((file) => statSync(file).isFile());
  return new Map(files.map((file) => [file, readFileSync(file)]));
}

/** A secret in every form in which it could have been written down. */
function formsOf(secret: string | Bytes): readonly Buffer[] {
  const octets = Buffer.from(secret);
  const texts = [toHex(new Uint8Array(octets)), toBase64Url(new Uint8Array(octets))];
  return [octets, ...[...texts, octets.toString("base64")].map((text) => Buffer.from(text))];
}

test("R-022 R-165 no password, token, key or text is in a file, a log line or a metric of the server", async () => {
  await using world = await startPeopleWorld();
  const { homeserver } = world;
  const { url } = homeserver;

  // People with real clients have a conversation.
  const [alice, bob] = [await world.register("alice"), await world.register("bob")];
  const { id } = await alice.conversations.create({ name, members: [bob.me.address] });
  const conversation = await joined(bob, id);
  await conversation.send(message);
  await until(alice, async () => (await textsOf(alice, id)).includes(message));
  await (await alice.conversations.get(id)).remove([bob.me.address]);

  // And somebody whose every secret is known here does the rest.
  const carol = createPerson("carol");
  const registered = await register(url, carol, { password });
  const { session } = await login(url, { ...carol, password });
  const admin = createPerson("root");
  const rooted = await homeserver.authentication.enrol({ ...admin, admin: true });
  const { json } = await ask(url, paths.invites(), {
    token: rooted.session.token,
    json: { uses: 3 },
  });
  const invite = inviteAnswerSchema.parse(json).token ?? "";
  const ticket = await new Device(url, carol.client, session.token).ticket();
  await ask(url, paths.session(), { token: `${session.token.slice(0, -1)}!` });
  await ask(url, paths.loginStart(), { json: { user: carol.user, password } });

  const secrets = {
    password,
    message,
    name,
    invite,
    ticket,
    registered: registered.session.token,
    loggedIn: session.token,
    root: rooted.session.token,
    identityKey: carol.identityKeys.privateKey,
    deviceSigningKey: carol.deviceSigningKeys.privateKey,
    clientKey: carol.clientKeys.privateKey,
  };
  const files = filesIn(join(world.directory, "data"));
  const page = await (await fetch(homeserver.metricsUrl ?? "")).text();
  const places = new Map([
    ...files,
    ["log", Buffer.from(world.logLines.join("\n"))],
    ["metrics", Buffer.from(page)],
  ]);
  // What must be found where it belongs, or the search proves nothing.
  const found = (control: string | Bytes): readonly string[] =>
    [...places]
      .filter(([, octets]) => octets.includes(Buffer.from(control)))
      .map(([place]) => place);
  expect(found("alice").join()).toMatch(/sqlite/);
  expect(found(carol.clientKeys.publicKey).join()).toMatch(/sqlite/);
  expect(found("requestId")).toContain("log");
  expect(found("treehouse_http_request_seconds")).toContain("metrics");

  const leaks = Object.entries(secrets).flatMap(([what, secret]) =>
    formsOf(secret).flatMap((form) =>
      [...places].filter(([, octets]) => octets.includes(form)).map(([place]) => [what, place]),
    ),
  );
  expect(leaks).toEqual([]);
  expect(Math.min(...Object.values(secrets).map(({ length }) => length))).toBeGreaterThan(10);
  // Addresses are in the database and nowhere else.
  for (const address of [alice.me.address, alice.me.user, carol.client, id]) {
    expect(found(address).filter((place) => place === "log" || place === "metrics")).toEqual([]);
  }
});
