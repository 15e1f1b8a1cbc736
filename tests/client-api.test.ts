/** The worked examples of `docs/client-api.md` are octets of the specification's vectors. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { routes } from "../packages/protocol/src/index.ts";

const page = readFileSync("docs/client-api.md", "utf8");
const examples = [...page.matchAll(/^```hex\n([a-z-]+) "([^"]+)"\n([\s\S]*?)^```$/gm)];

test("the page has examples", () => {
  expect(examples.length).toBeGreaterThan(6);
});

for (const [, file = "", name = "", text = ""] of examples) {
  test(`the example "${name}" is the vector of that name`, () => {
    const { vectors }: { vectors: { name: string; hex: string }[] } = JSON.parse(
      readFileSync(`federation-spec/vectors/${file}.json`, "utf8"),
    );
    const octets = text
      .split("\n")
      .filter((line) => /^[0-9a-f ]+$/.test(line))
      .join("")
      .replaceAll(" ", "");
    expect(octets).toBe(vectors.find((vector) => vector.name === name)?.hex);
  });
}

test("R-121 every binary endpoint on the page is a path of the API", () => {
  const described = [...page.matchAll(/^\| `(?:GET|POST) (\/v1\/[^`?]*)/gm)].map(
    ([, path = ""]) => path,
  );
  expect(described.length).toBeGreaterThan(9);
  const known: readonly string[] = Object.values(routes);
  expect(described.filter((path) => !known.includes(path))).toEqual([]);
});

test("the page has every frame type and close code, and no other", () => {
  const source = ["client-frame", "server-frame"]
    .map((name) => readFileSync(`packages/protocol/src/stream/${name}.ts`, "utf8"))
    .map((text) => /^const TYPES = \{([^}]*)\}/m.exec(text)?.[1] ?? "")
    .join(",");
  const types = [...source.matchAll(/(\w+): (\d+)/g)].map(([, name, type]) => `${type} ${name}`);
  expect(types.length).toBeGreaterThan(12);
  const told = [...page.matchAll(/\| (\d+) +\| `(\w+)`/g)].map(
    ([, type, name]) => `${type} ${name}`,
  );
  expect(told.toSorted()).toEqual(types.toSorted());
  const codes = readFileSync("homeserver/src/realtime/close.ts", "utf8").match(/: \d{4},/g) ?? [];
  expect(codes.length).toBeGreaterThan(5);
  const close = [...page.matchAll(/^\| (\d{4}) +\|/gm)].map(([, code]) => `: ${code},`);
  expect(close.toSorted()).toEqual(codes.toSorted());
});
