import { encodeRoomState, parseDomain, parseUserUri, Refusal, template } from "@treehouse/protocol";
import { expect, test } from "vitest";

import { groupExtensions, readGroupExtensions } from "./group-extensions.ts";

const domain = parseDomain("example.org");
const founder = parseUserUri("mimi://example.org/u/alice");
const roomState = encodeRoomState(template("group", { founder, hub: domain, term: 1 }));

test("T-41 external senders with any octet changed or missing are read or refused, and nothing else", () => {
  const profile = { hubKey: new Uint8Array(32).fill(7), hubDomain: domain, roomState };
  const extensions = groupExtensions(profile);
  expect(readGroupExtensions(extensions).externalSenders).toHaveLength(1);
  const data = extensions[0]?.extensionData ?? new Uint8Array();
  const judged = (changed: Uint8Array): unknown => {
    const senders = { extensionType: "external_senders" as const, extensionData: changed };
    try {
      return readGroupExtensions([senders, ...extensions.slice(1)]).externalSenders.length;
    } catch (error) {
      return error instanceof Refusal ? "refused" : error;
    }
  };
  for (const [at, octet] of data.entries()) {
    expect(judged(data.slice(0, at))).toBe("refused");
    for (const mask of [1, 2, 64, 128, 255]) {
      const changed = data.slice();
      changed[at] = octet ^ mask;
      expect([1, "refused"]).toContain(judged(changed));
    }
  }
});
