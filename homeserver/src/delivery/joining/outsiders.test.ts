import { mintRoomUri, parseDomain, RATE_LIMITS, Refusal, userUri } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { createOutsiderRates } from "./outsiders.ts";

const domain = parseDomain("hub.example");
const room = mintRoomUri(domain, (length) => new Uint8Array(length));

test("FED-1090 knocks are bounded by user, by server and by room, and each bound names itself", () => {
  let now = 0;
  const rates = createOutsiderRates({ monotonic: () => now });
  const knock = (name: string, server: string, at = room): string | undefined => {
    try {
      rates.takeKnock(userUri(parseDomain(server), name), at);
      return undefined;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return error.data.limitName;
    }
  };
  const perServer = RATE_LIMITS.knockPerServerAndRoom.count;
  for (let count = 0; count < perServer; count += 1) {
    expect(knock(`one${count}`, "crowd.example")).toBeUndefined();
  }
  // Whatever one server's users do, another's are heard.
  expect(knock("more", "crowd.example")).toBe("knockPerServerAndRoom");
  expect([knock("bob", "b.example"), knock("bob", "b.example")]).toEqual([undefined, undefined]);
  expect(knock("bob", "b.example")).toBe("knockPerUserAndRoom");
  const left = RATE_LIMITS.knockPerRoom.count - perServer - 2;
  for (let count = 0; count < left; count += 1) {
    expect(knock("zoe", `z${count}.example`)).toBeUndefined();
  }
  expect(knock("late", "late.example")).toBe("knockPerRoom");
  const others = Array.from({ length: RATE_LIMITS.knockPerUser.count }, (_, index) =>
    mintRoomUri(domain, (length) => new Uint8Array(length).fill(index + 1)),
  );
  expect(others.map((at) => knock("carl", "c.example", at))).toEqual(others.map(() => undefined));
  const another = mintRoomUri(domain, (length) => new Uint8Array(length).fill(99));
  expect(knock("carl", "c.example", another)).toBe("knockPerUser");
  now += 60 * 60_000;
  expect(knock("late", "late.example")).toBeUndefined();
});
