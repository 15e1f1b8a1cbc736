import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Refusal } from "../refusals/index.ts";
import {
  domainOf,
  formatAddress,
  groupUriOf,
  isRoomStream,
  mintClientUri,
  mintRoomUri,
  nameOf,
  parseAddress,
  parseClientUri,
  parseDomain,
  parseGroupUri,
  parseRoomUri,
  parseStreamUri,
  parseUserUri,
  roomOfGroup,
  roomUriCodec,
  userOfClient,
  userUri,
} from "./index.ts";

const ID = "abcdefghijklmnopqrstuvwxy4";
const domain = parseDomain("a.example");
const sixteen = fc.uint8Array({ minLength: 16, maxLength: 16 });

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
  return "taken";
}

describe("FED-120 domains", () => {
  test("are DNS names in lower case", () => {
    for (const text of ["localhost", "a.example", "x.y-z.example", "1.example", "xn--a.example"]) {
      expect(parseDomain(text)).toBe(text);
    }
  });

  test.each([
    "",
    ".",
    "a.",
    ".a",
    "a..b",
    "A.example",
    "-a.example",
    "a-.example",
    "a_b.example",
    "a.example:4280",
    "127.0.0.1",
    "1.2",
    "[::1]",
    "bücher.example",
    `${"a".repeat(64)}.example`,
    `${"a.".repeat(127)}example`,
    "a.example/u",
  ])("%j is refused", (text) => {
    expect(codeOf(() => parseDomain(text))).toBe("malformed");
  });
});

describe("FED-121 names", () => {
  test("are taken as documented", () => {
    for (const name of ["a", "alice", "a.b", "a_b-c", "0", "a".repeat(64)]) {
      expect(userUri(domain, name)).toBe(`mimi://a.example/u/${name}`);
    }
  });

  test.each(["", ".a", "a.", "-a", "a-", "a..b", "Alice", "a b", "ä", "a/b", "a".repeat(65)])(
    "%j is refused",
    (name) => {
      expect(codeOf(() => userUri(domain, name))).toBe("nameInvalid");
      expect(codeOf(() => parseUserUri(`mimi://a.example/u/${name}`))).toBe("malformed");
      expect(codeOf(() => parseClientUri(`mimi://a.example/d/${name}/${ID}`))).toBe("malformed");
    },
  );
});

describe("addresses", () => {
  test("are read in any case and written in one", () => {
    const user = parseAddress(" Alice@A.Example ");
    expect(user).toBe("mimi://a.example/u/alice");
    expect(formatAddress(user)).toBe("alice@a.example");
  });

  test.each(["alice", "alice@", "@a.example", "a@b@c.example", "alice@1.2.3.4", "a b@a.example"])(
    "%j is refused",
    (text) => {
      expect(["malformed", "nameInvalid"]).toContain(codeOf(() => parseAddress(text)));
    },
  );
});

describe("URIs", () => {
  test("R-017 FED-122 FED-125 have one spelling", () => {
    const good = `mimi://a.example/r/${ID}`;
    expect(parseRoomUri(good)).toBe(good);
    const bad = [
      `mimi://a.example:1/r/${ID}`,
      `MIMI://a.example/r/${ID}`,
      `mimi://a.example/r/${ID}/`,
      `mimi://a.example/r/${ID}?`,
      `mimi://a.example/r/${ID}\n`,
      `mimi://a.example/r/${ID.toUpperCase()}`,
      `mimi://a.example/r/${ID.slice(1)}`,
      `mimi://a.example/r/${ID.slice(0, 25)}b`,
      `mimi://a.example/g/${ID}`,
      `mimi://1.2.3.4/r/${ID}`,
      `mimi://user@a.example/r/${ID}`,
    ];
    for (const text of bad) expect(codeOf(() => parseRoomUri(text))).toBe("malformed");
  });

  test("FED-123 of a group carry the room's id and a generation that is an u32", () => {
    for (const generation of [0, 1, 4_294_967_295]) {
      const group = groupUriOf(parseRoomUri(`mimi://a.example/r/${ID}`), generation);
      expect(roomOfGroup(group)).toEqual({ room: `mimi://a.example/r/${ID}`, generation });
    }
    for (const generation of ["", "01", "-1", "4294967296", "1.1", "99999999999"]) {
      expect(codeOf(() => parseGroupUri(`mimi://a.example/g/${ID}.${generation}`))).toBe(
        "malformed",
      );
    }
  });

  test("of streams are a room's or a client's", () => {
    const room = parseStreamUri(`mimi://r.example/r/${ID}`);
    const client = parseStreamUri(`mimi://r.example/d/r/${ID}`);
    expect([isRoomStream(room), isRoomStream(client)]).toEqual([true, false]);
    expect(codeOf(() => parseStreamUri("mimi://r.example/u/alice"))).toBe("malformed");
  });

  test("FED-122 are minted from 16 octets, each octet counting", () => {
    const user = userUri(domain, "alice");
    const property = fc.property(sixteen, sixteen, (one, other) => {
      const client = mintClientUri(user, () => one);
      expect(userOfClient(client)).toBe(user);
      expect([domainOf(client), nameOf(client)]).toEqual(["a.example", "alice"]);
      const same = one.join() === other.join();
      expect(mintRoomUri(domain, () => one) === mintRoomUri(domain, () => other)).toBe(same);
    });
    fc.assert(property);
  });

  test("are refused without any other error, whatever the text", () => {
    const parts = fc.constantFrom("mimi://", "a.example", "/r/", "/d/", "a", "..", ID, "/", ".1");
    const text = fc.array(fc.oneof(parts, fc.string({ maxLength: 3 }))).map((all) => all.join(""));
    const property = fc.property(text, (input) => {
      for (const parse of [parseRoomUri, parseClientUri, parseUserUri, parseGroupUri]) {
        expect(["taken", "malformed"]).toContain(codeOf(() => parse(input)));
      }
      expect(["taken", "malformed", "nameInvalid"]).toContain(codeOf(() => parseAddress(input)));
    });
    fc.assert(property);
  });

  test("on the wire are `bytes<V>` of at most 512 octets", () => {
    const room = parseRoomUri(`mimi://a.example/r/${ID}`);
    expect(roomUriCodec.encode(room)[0]).toBe(room.length);
  });
});
