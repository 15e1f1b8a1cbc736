import { mintClientUri, mintRoomUri, parseDomain, toHex, userUri } from "@treehouse/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { requestKey } from "./request.ts";

const domain = parseDomain("example.org");
const octets = (value: number) => (length: number) => new Uint8Array(length).fill(value);

test("a request's key tells rooms, clients and requests apart, and nothing else", () => {
  const requests = fc.record({
    room: fc.nat(2),
    client: fc.nat(2),
    bytes: fc.uint8Array({ maxLength: 3, max: 1 }),
  });
  const keyOf = ({ room, client, bytes }: { room: number; client: number; bytes: Uint8Array }) => {
    const user = userUri(domain, "alice");
    const caller = { user, client: mintClientUri(user, octets(client)) };
    return toHex(requestKey({ room: mintRoomUri(domain, octets(room)), caller, bytes, near: 7 }));
  };
  fc.assert(
    fc.property(requests, requests, (a, b) => {
      const same = a.room === b.room && a.client === b.client && a.bytes.join() === b.bytes.join();
      expect(keyOf(a) === keyOf(b)).toBe(same);
    }),
    { numRuns: 500 },
  );
});
