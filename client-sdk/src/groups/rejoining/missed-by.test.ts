import { expect, test } from "vitest";

import { missedBy } from "./missed-by.ts";

function missed(
  cursor: number,
  begunAt: number | undefined,
  back: { position: number; epoch: number; first?: number; isRenewed?: boolean; to?: number },
) {
  const { position, epoch, first, isRenewed = true, to } = back;
  const at = begunAt === undefined ? undefined : { position: begunAt };
  return missedBy(
    { cursor: { position: cursor }, begun: { at } },
    {
      renewal: isRenewed ? { first } : undefined,
      rollback: to === undefined ? undefined : { to },
      head: { position },
      epoch,
    },
  ).map(({ from, to: end }) => [from, end]);
}

test("FED-1136 who comes back after a reset has missed what was said, and not how it began", () => {
  // Entry 11 begins, the others come back by a commit each, and this client by the third.
  expect(missed(10, 11, { position: 14, epoch: 3 })).toEqual([]);
  expect(missed(10, 11, { position: 11, epoch: 0 })).toEqual([]);
  // Somebody had said something before.
  expect(missed(10, 11, { position: 15, epoch: 3 })).toEqual([[12, 14]]);
  // Some of the group before was never read either.
  expect(missed(7, 11, { position: 14, epoch: 3 })).toEqual([[8, 10]]);
  expect(missed(7, 11, { position: 15, epoch: 3 })).toEqual([
    [8, 10],
    [12, 14],
  ]);
  expect(missed(10, undefined, { position: 14, epoch: 3 })).toEqual([[11, 13]]);
});

test("FED-1138 where the hub is another one, the jump of the log is nothing that was missed", () => {
  const first = 2 ** 32;
  expect(missed(10, undefined, { position: first + 2, epoch: 2, first })).toEqual([]);
  expect(missed(10, undefined, { position: first + 3, epoch: 2, first })).toEqual([
    [first + 1, first + 2],
  ]);
});

test("without another generation all that lies between was missed", () => {
  expect(missed(10, undefined, { position: 14, epoch: 9, isRenewed: false })).toEqual([[11, 13]]);
  expect(missed(10, undefined, { position: 11, epoch: 9, isRenewed: false })).toEqual([]);
  const behind = { position: 22, epoch: 9, isRenewed: false, to: 20 };
  expect(missed(10, undefined, behind)).toEqual([]);
  expect(missed(10, undefined, { ...behind, position: 23 })).toEqual([[21, 22]]);
});
