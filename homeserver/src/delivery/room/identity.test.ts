import { LIMITS, mintClientUri, parseDomain, userOfClient, userUri } from "@treehouse/protocol";
import type { ClientUri, UserUri } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { listRemoteClients } from "./identity.ts";

const clientAt = (server: string, name: string): ClientUri =>
  mintClientUri(userUri(parseDomain(server), name), () => new Uint8Array(16).fill(1));

const clients = [
  clientAt("one.example", "ann"),
  clientAt("two.example", "bob"),
  clientAt("three.example", "cat"),
];

/** A hub that asks this; `timers` are set and not cancelled. */
function hubAsking(find: (user: UserUri) => Promise<undefined>) {
  const timers = new Map<() => void, number>();
  const context: Parameters<typeof listRemoteClients>[0] = {
    accounts: { isLocal: () => false },
    remoteUsers: { find },
    crypto: { verify: () => true },
    env: {
      now: () => 0,
      timer(delayMs, run) {
        timers.set(run, delayMs);
        return () => void timers.delete(run);
      },
    },
  };
  return { context, timers };
}

test("FED-932 the servers of those who come in are asked at the same time", async () => {
  const asked = new Set<UserUri>();
  let wake = (): void => undefined;
  const everybody = new Promise<void>((resolve) => (wake = resolve));
  const { context, timers } = hubAsking(async (user) => {
    asked.add(user);
    if (asked.size === clients.length) wake();
    await everybody;
    return undefined;
  });
  expect(await listRemoteClients(context, clients)).toEqual(new Map());
  expect([...asked]).toEqual(clients.map((client) => userOfClient(client)));
  expect(timers.size).toBe(0);
});

test("FED-932 for all of them together there is one deadline, and the refusal names it", async () => {
  const { context, timers } = hubAsking(() => new Promise(() => undefined));
  const listing = listRemoteClients(context, clients);
  const [[fire, delayMs] = [() => undefined, 0]] = timers;
  expect(delayMs).toBe(LIMITS.peerTimeoutMs);
  fire();
  await expect(listing).rejects.toMatchObject({
    code: "peerUnreachable",
    data: { limitName: "peerTimeoutMs", limit: LIMITS.peerTimeoutMs },
  });
});

test("nobody of another server means that nobody is asked and no timer is set", async () => {
  const { context, timers } = hubAsking(() => Promise.reject(new Error("nobody to ask")));
  expect(await listRemoteClients(context, [])).toEqual(new Map());
  expect(timers.size).toBe(0);
});
