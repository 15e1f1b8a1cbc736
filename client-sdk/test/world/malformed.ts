import { expect } from "vitest";

/** What a call refuses that was handed something wrong, by the path of it. */
export const malformed = (field: string): unknown =>
  expect.objectContaining({
    name: "SdkError",
    code: "malformed",
    retryable: false,
    data: { field },
  });
