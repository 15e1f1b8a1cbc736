import { parseUserUri, Refusal, RENDEZVOUS_LIMITS } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { createNodeEnv } from "../platform/env/node-env.ts";
import { createMailboxes } from "./mailboxes.ts";
import type { Turn } from "./mailboxes.ts";

const alice = parseUserUri("mimi://example.org/u/alice");
const bob = parseUserUri("mimi://example.org/u/bob");
const { rendezvousBytesMax, rendezvousLifetimeMs, rendezvousMax, rendezvousPerNetworkMax } =
  RENDEZVOUS_LIMITS;

/** Mailboxes with a clock that stands, and with timers that run when they are told to. */
function world() {
  const real = createNodeEnv({ log: { level: "silent" } });
  let now = 1_000_000;
  const timers = new Set<() => void>();
  const mailboxes = createMailboxes({
    now: () => now,
    monotonic: () => now,
    random: (length) => real.random(length),
    timer(_delayMs, run) {
      timers.add(run);
      return () => timers.delete(run);
    },
  });
  return {
    mailboxes,
    advance: (ms: number) => {
      now += ms;
    },
    ring: () => {
      for (const run of timers) run();
    },
    timers,
  };
}

const bytes = (fill: number, length = 3) => new Uint8Array(length).fill(fill);
const put = (at: number, message = bytes(at)): Turn => ({
  put: { at, message },
  awaits: at + 1,
  close: undefined,
});
const waitFor = (awaits: number): Turn => ({ put: undefined, awaits, close: undefined });
const end = (close: "done" | "wrongCode"): Turn => ({ put: undefined, awaits: 0, close });

test("messages take turns between the two sides, each of which waits for the next", async () => {
  const { mailboxes, timers } = world();
  const { key, mailbox } = mailboxes.open(alice, "192.0.2.1");
  expect(mailbox).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}$/);
  const first = mailboxes.joining(mailbox, key, waitFor(0));
  const second = mailboxes.approving(mailbox, alice, put(0));
  expect(await first).toEqual({ message: bytes(0), closed: undefined });
  const third = mailboxes.joining(mailbox, key, put(1));
  expect(await second).toEqual({ message: bytes(1), closed: undefined });
  // The same once more changes nothing, and has the same answer.
  expect(await mailboxes.approving(mailbox, alice, put(0))).toMatchObject({ message: bytes(1) });
  await mailboxes.approving(mailbox, alice, end("done"));
  expect(await third).toEqual({ message: undefined, closed: "done" });
  expect(timers.size).toBe(0);
});

test("a message is written once, by the side whose turn it is, and not before its time", async () => {
  const { mailboxes } = world();
  const { key, mailbox } = mailboxes.open(alice, "192.0.2.1");
  const conflict = { code: "conflict" };
  await expect(mailboxes.joining(mailbox, key, put(0))).rejects.toMatchObject(conflict);
  await expect(mailboxes.joining(mailbox, key, put(1))).rejects.toMatchObject(conflict);
  await expect(mailboxes.approving(mailbox, alice, put(2))).rejects.toMatchObject(conflict);
  void mailboxes.approving(mailbox, alice, put(0));
  const other = put(0, bytes(9));
  await expect(mailboxes.approving(mailbox, alice, other)).rejects.toMatchObject(conflict);
  await expect(mailboxes.approving(mailbox, alice, put(1))).rejects.toMatchObject(conflict);
});

test("only who opened it and sessions of its user get to a mailbox, until its time is over", async () => {
  const { mailboxes, advance } = world();
  const { key, mailbox } = mailboxes.open(alice, "192.0.2.1");
  const nothing = { code: "notFound" };
  await expect(mailboxes.joining(mailbox, `${key}x`, put(1))).rejects.toMatchObject(nothing);
  await expect(mailboxes.approving(mailbox, bob, put(0))).rejects.toMatchObject(nothing);
  await expect(mailboxes.approving("0000", alice, put(0))).rejects.toMatchObject(nothing);
  advance(rendezvousLifetimeMs - 1);
  await mailboxes.approving(mailbox, alice, end("wrongCode"));
  expect(await mailboxes.joining(mailbox, key, waitFor(0))).toMatchObject({ closed: "wrongCode" });
  advance(1);
  await expect(mailboxes.joining(mailbox, key, waitFor(0))).rejects.toMatchObject(nothing);
});

test("who waits in vain, asks anew, or is there when the server stops has an answer", async () => {
  const { mailboxes, ring, timers } = world();
  const { key, mailbox } = mailboxes.open(alice, "192.0.2.1");
  const nothing = { message: undefined, closed: undefined };
  const waiting = mailboxes.joining(mailbox, key, waitFor(0));
  ring();
  expect(await waiting).toEqual(nothing);
  const former = mailboxes.joining(mailbox, key, waitFor(0));
  const later = mailboxes.joining(mailbox, key, waitFor(0));
  expect(await former).toEqual(nothing);
  expect(timers.size).toBe(1);
  mailboxes.stop();
  expect(await later).toEqual(nothing);
  expect(await mailboxes.joining(mailbox, key, waitFor(0))).toEqual(nothing);
});

test("T-39 a flood of mailboxes is refused with the limit's name and a time, and passes", () => {
  const { mailboxes, advance } = world();
  for (let each = 0; each < rendezvousMax; each += 1) mailboxes.open(alice, `192.0.2.${each}`);
  const limited = { code: "rateLimited" };
  const data = {
    limitName: "rendezvousMax",
    limit: rendezvousMax,
    retryAfterMs: rendezvousLifetimeMs,
  };
  expect(() => mailboxes.open(bob, "192.0.2.2")).toThrow(
    expect.objectContaining({ ...limited, data }),
  );
  advance(rendezvousLifetimeMs);
  mailboxes.open(bob, "192.0.2.2");
});

test("T-39 a household and a site have a share of the mailboxes, and leave the others theirs", () => {
  const { mailboxes } = world();
  const opened = (addresses: (each: number) => string): number => {
    for (let each = 0; each < rendezvousMax; each += 1) {
      try {
        mailboxes.open(alice, addresses(each));
      } catch (error) {
        const isOurs =
          error instanceof Refusal && error.data.limitName === "rendezvousPerNetworkMax";
        if (!isOurs) throw error;
        return each;
      }
    }
    return rendezvousMax;
  };
  expect(opened(() => "192.0.2.1")).toBe(rendezvousPerNetworkMax);
  expect(opened(() => "2001:db8:1:0::/64")).toBe(rendezvousPerNetworkMax);
  const household = (each: number) =>
    `2001:db8:2:12${(each % 250).toString(16).padStart(2, "0")}::/64`;
  expect(opened(household)).toBe(2 * rendezvousPerNetworkMax);
  expect(opened((each) => `2001:db8:3:${(each * 256).toString(16)}::/64`)).toBe(
    4 * rendezvousPerNetworkMax,
  );
  mailboxes.open(bob, "2001:db8:4:0::/64");
});

test("T-39 a mailbox holds so many octets and so many messages", async () => {
  const { mailboxes } = world();
  const { key, mailbox } = mailboxes.open(alice, "192.0.2.1");
  void mailboxes.approving(mailbox, alice, put(0, bytes(0, rendezvousBytesMax)));
  await expect(mailboxes.joining(mailbox, key, put(1))).rejects.toMatchObject({
    code: "limitExceeded",
    data: { limitName: "rendezvousBytesMax" },
  });
  const other = mailboxes.open(alice, "192.0.2.1");
  for (let at = 0; at < RENDEZVOUS_LIMITS.rendezvousMessagesMax; at += 2) {
    void mailboxes.approving(other.mailbox, alice, put(at));
    void mailboxes.joining(other.mailbox, other.key, put(at + 1));
  }
  const most = put(RENDEZVOUS_LIMITS.rendezvousMessagesMax);
  await expect(mailboxes.approving(other.mailbox, alice, most)).rejects.toMatchObject({
    data: { limitName: "rendezvousMessagesMax" },
  });
});
