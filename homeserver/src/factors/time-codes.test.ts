import { utf8Encode } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { describeSecret, stepOf } from "./time-codes.ts";

/** RFC 6238 appendix B, SHA-1; of its eight digits the last six, which are the code of six. */
const vectors = [
  [59, "94287082"],
  [1_111_111_109, "07081804"],
  [1_111_111_111, "14050471"],
  [1_234_567_890, "89005924"],
  [2_000_000_000, "69279037"],
  [20_000_000_000, "65353130"],
] as const;
const secret = utf8Encode("12345678901234567890");

test.each(vectors)(
  "R-024 the code of RFC 6238 at %i s holds in its step and one to each side",
  (at, code) => {
    const typed = code.slice(2);
    const step = Math.floor(at / 30);
    for (const shift of [-1, 0, 1])
      expect(stepOf(secret, typed, (at + shift * 30) * 1000)).toBe(step);
    for (const shift of [-2, 2]) {
      expect(stepOf(secret, typed, (at + shift * 30) * 1000)).toBeUndefined();
    }
  },
);

test("what an app reads names issuer, account and secret", () => {
  const app = describeSecret(secret, "alice@example.org", "example.org");
  expect(app.secret).toBe("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
  const uri = new URL(app.uri);
  expect(uri.protocol).toBe("otpauth:");
  expect(decodeURIComponent(uri.pathname)).toContain("example.org:alice@example.org");
  expect(uri.searchParams.get("secret")).toBe(app.secret);
});
