import { expect, test } from "vitest";

import { likeness } from "./index.ts";

const names = ["Tea", "Team", "Steam club", "The tea party", "Zoë", "Bündner Küche", "Books"];
const best = (typed: string) =>
  names
    .map((name) => ({ name, fits: likeness(name, typed) }))
    .filter(({ fits }) => fits > 0)
    .toSorted((a, b) => b.fits - a.fits)
    .map(({ name }) => name);

test.each([
  ["tea", ["Tea", "Team", "The tea party", "Steam club"]],
  ["zoe", ["Zoë"]],
  ["kuche", ["Bündner Küche"]],
  ["Kcühe", ["Bündner Küche"]],
  ["boks", ["Books"]],
  ["party tea", ["The tea party"]],
  ["bdk", ["Bündner Küche"]],
  ["", []],
  ["xyz", []],
])("R-125 %j finds %j", (typed, expected) => {
  expect(best(typed)).toEqual(expected);
});
