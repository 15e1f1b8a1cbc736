import { expect, test } from "vitest";
import { refusalOfResponse } from "./refusal-of-response.ts";

const explanation = { reason: "removalPending", description: "two leaves" };

test("FED-503 FED-504 a refusing response becomes the refusal that it names", () => {
  expect(refusalOfResponse({ code: "notAllowed", ...explanation })).toMatchObject({
    code: "removalPending",
    message: "two leaves",
  });
  expect(refusalOfResponse({ code: "wrongEpoch", currentEpoch: 4, ...explanation })).toMatchObject({
    code: "wrongEpoch",
    data: { currentEpoch: 4 },
  });
  const refs = [Uint8Array.of(1)];
  const newer = { reason: "newer", description: "" };
  expect(refusalOfResponse({ code: "invalidProposal", refs, ...newer })?.code).toBe(
    "invalidProposal",
  );
  expect(refusalOfResponse({ status: "notAllowed", reason: "newer" })?.code).toBe("notAllowed");
  expect(refusalOfResponse({ status: "epochTooOld", currentEpoch: 9 })).toMatchObject({
    code: "epochTooOld",
    data: { currentEpoch: 9 },
  });
});

test("an accepting response carries none", () => {
  const accepted = { status: "accepted", acceptedAt: 1, position: 1, frank: undefined } as const;
  expect(refusalOfResponse(accepted)).toBeUndefined();
});
