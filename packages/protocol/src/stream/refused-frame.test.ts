import fc from "fast-check";
import { expect, test } from "vitest";
import { Refusal } from "../refusals/index.ts";
import { refusalOfFrame, refusedFrame } from "./refused-frame.ts";
import { frameEntry, frameInboxEntry, serverFrameCodec } from "./server-frame.ts";

test("a refusal of any message travels in a frame with its code and data", () => {
  const message = fc.string({ unit: "binary", maxLength: 2000 });
  const property = fc.property(
    message,
    fc.nat(),
    fc.double({ min: 0, noNaN: true }),
    (...fields) => {
      const [text, currentEpoch, retryAfterMs] = fields;
      const refusal = new Refusal("epochTooOld", text, { currentEpoch, retryAfterMs });
      const frame = serverFrameCodec.decode(serverFrameCodec.encode(refusedFrame(3, refusal)));
      if (frame.type !== "refused") throw new Error("another frame");
      const received = refusalOfFrame(frame);
      expect([frame.requestId, received.code]).toEqual([3, "epochTooOld"]);
      expect(received.data.currentEpoch).toBe(currentEpoch);
    },
  );
  fc.assert(property);
});

test("FED-503 a code that we do not know becomes internal", () => {
  const known = refusedFrame(1, new Refusal("notMember", "not yours"));
  expect(refusalOfFrame(known)).toMatchObject({
    code: "notMember",
    message: "not yours",
    data: {},
  });
  expect(refusalOfFrame({ ...known, code: "newer" }).code).toBe("internal");
});

test("framing an entry is what the codec of frames does", () => {
  const entry = Uint8Array.of(1, 2, 3);
  expect(frameEntry(entry)).toEqual(serverFrameCodec.encode({ type: "entry", entry }));
  expect(frameInboxEntry(entry)).toEqual(serverFrameCodec.encode({ type: "inboxEntry", entry }));
});
