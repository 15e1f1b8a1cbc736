import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, expect, test } from "vitest";

import { compare, type Evidence, type Item, searchServerFiles } from "./check-promises.ts";
import { filesBelow, filesWith } from "./search-files.ts";

/** Three people, five messages; Carol is out from position 3 to 5. */
const texts = new Map([
  ["a1", 1],
  ["b2", 2],
  ["a4", 4],
  ["c6", 6],
  ["b7", 7],
]);

function story(): {
  name: string;
  address: string;
  accepted: Map<string, number>;
  shown: Shown[];
  items: Item[];
}[] {
  return ["alice", "bob", "carol"].map((name) => {
    const own = (text: string) => text.startsWith(name.charAt(0));
    const mine = [...texts].filter(([, position]) => name !== "carol" || position !== 4);
    const messages = mine.map(([text, position]) => ({ kind: "message", text, position }));
    const commits = [
      { kind: "membership", position: 3, removed: ["carol@beta.test"], added: [] },
      { kind: "membership", position: 5, removed: [], added: ["carol@beta.test"] },
    ];
    return {
      name,
      address: `${name}@beta.test`,
      accepted: new Map([...texts].filter(([text]) => own(text))),
      shown: mine.flatMap(([text, position]) => (own(text) ? [] : [{ text, position }])),
      items: [...messages, ...commits].toSorted((a, b) => a.position - b.position),
    };
  });
}

type Shown = { text: string; position: number };
type Person = ReturnType<typeof story>[number];

const none = { lost: 0, duplicated: 0, reordered: 0, readWhileRemoved: 0 };

test("a run in which nothing went wrong has no figure above 0", () => {
  expect(compare(story())).toEqual({ figures: none, broken: [] });
});

test.for<[string, (alice: Person, carol: Person) => unknown, keyof typeof none]>([
  ["a message missing in a store", (alice) => alice.items.shift(), "lost"],
  ["a message that was never shown", (alice) => alice.shown.shift(), "lost"],
  ["a message shown twice", (alice) => alice.shown.push({ text: "b7", position: 7 }), "duplicated"],
  [
    "a message kept twice",
    (alice) => alice.items.push({ kind: "message", text: "b7", position: 8 }),
    "duplicated",
  ],
  [
    "messages shown in another order",
    (alice) => alice.shown.push(...alice.shown.splice(0, 1)),
    "reordered",
  ],
  [
    "a message kept at another position",
    (alice) => alice.items.splice(0, 1, { kind: "message", text: "a1", position: 0 }),
    "reordered",
  ],
  [
    "a message shown to who was removed",
    (_, carol) => carol.shown.splice(2, 0, { text: "a4", position: 4 }),
    "readWhileRemoved",
  ],
  [
    "a message kept by who was removed",
    (_, carol) => carol.items.push({ kind: "message", text: "a4", position: 4 }),
    "readWhileRemoved",
  ],
])("%s is found", ([, plant, figure]) => {
  const people: readonly Evidence[] & Person[] = story();
  const [alice, , carol] = people;
  if (alice === undefined || carol === undefined) throw new Error("somebody is missing");
  plant(alice, carol);
  const { figures, broken } = compare(people);
  expect(figures[figure]).toBeGreaterThan(0);
  expect(broken).toContainEqual(expect.stringMatching(`^${figure}: 1, (alice|carol): `));
});

const directory = mkdtempSync(join(tmpdir(), "treehouse-search-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function serverFolder(name: string, files: Readonly<Record<string, string | Buffer>>): string {
  const folder = join(directory, name);
  mkdirSync(join(folder, "data"), { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  return folder;
}

const log = '{"msg":"listening"}\n';
const data = "mimi://beta.test/r/1";

test("a text is found as UTF-8 and as UTF-16, in any file of the server, and only there", () => {
  const folder = serverFolder("found", {
    "server.log": `${log}leak`,
    "data/main.sqlite": data,
    "data/a": Buffer.concat([Buffer.from([0xff, 0]), Buffer.from("leak", "utf16le")]),
    "data/b": "nothing to see",
    "alice.sqlite": "leak",
  });
  const { leaked, searched, problems } = searchServerFiles(folder, "beta.test", "leak");
  expect(leaked).toEqual([join(folder, "data/a"), join(folder, "server.log")]);
  expect(searched).toHaveLength(4);
  expect(problems).toHaveLength(1);
  expect(searchServerFiles(folder, "beta.test", "absent").problems).toEqual([]);
  expect(filesWith(filesBelow(folder), "leak")).toHaveLength(3);
});

test("a search that does not find its control is a problem", () => {
  const noData = serverFolder("no-data", { "server.log": log, "data/main.sqlite": "" });
  const noLog = serverFolder("no-log", { "data/main.sqlite": data });
  expect(searchServerFiles(noData, "beta.test", "x").problems).toEqual([
    "the control was not found in the data of beta.test",
  ]);
  expect(searchServerFiles(noLog, "beta.test", "x").problems).toEqual([
    "the control was not found in the log of beta.test",
  ]);
});
