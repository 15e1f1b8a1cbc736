import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { mintRoomUri, parseDomain, utf8Decode, utf8Encode } from "@treehouse/protocol";
import { expect, test } from "vitest";

import { findTerms, parseQuery } from "../search/index.ts";
import { openSqlite } from "../storage-sqlite/index.ts";
import { openLocalStore } from "./index.ts";

const random = (length: number) => new Uint8Array(randomBytes(length));

/** As many words of eight scripts as there is something to be found by and not by. */
const scripts: Readonly<Record<string, readonly string[]>> = {
  Latin: ["Köln", "tea", "teapot", "Straße", "İstanbul", "résumé", "naïve", "zebra"],
  Cyrillic: ["привет", "чай", "ёлка", "Москва", "книга"],
  Hebrew: ["שָׁלוֹם", "ספר", "תה", "ירושלים"],
  Arabic: ["مَدْرَسَة", "شاي", "كتاب", "القاهرة"],
  Devanagari: ["हिन्दी", "चाय", "किताब", "दिल्ली"],
  Thai: ["ภาษาไทย", "น้ำชา", "กรุงเทพมหานคร", "หนังสือ"],
  Han: ["预算草案", "会议", "北京大学", "株主総会議事録", "カメラ"],
  Hangul: ["회의를", "한국어", "서울에서", "책"],
};
const manyMessages = process.env["TREEHOUSE_SCALE"] === "full" ? 100_000 : 1_000;
/** Comparing each of them with each query takes its time, on a machine with others to serve. */
const patienceMs = 20_000 + manyMessages * 10;

test(
  `R-123 R-124 in ${manyMessages} messages of eight scripts a search finds what comparing all does`,
  async () => {
    const words = Object.values(scripts).flat();
    let state = 7;
    const draw = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const some = (count: number) =>
      Array.from({ length: count }, () => words[draw(words.length)] ?? "").join(" ");
    const texts = Array.from({ length: manyMessages }, () => some(1 + draw(8)));
    const directory = mkdtempSync(join(tmpdir(), "treehouse-search-"));
    const store = await openLocalStore(
      openSqlite(join(directory, "s.sqlite")),
      random(32),
      random,
      {
        describe: ({ body }) => ({ texts: [utf8Decode(body)], facets: [] }),
        alters: () => false,
      },
    );
    const room = mintRoomUri(parseDomain("example.org"), random);
    for (let first = 0; first < manyMessages; first += 500) {
      await store.transaction((tx) => {
        for (const [at, text] of texts.slice(first, first + 500).entries()) {
          const position = first + at + 1;
          const place = { room, position, messageId: `m${position}`, acceptedAt: position };
          tx.messages.append({ ...place, kind: "content", body: utf8Encode(text) }, true);
        }
      });
    }
    const beginnings = ["koln ", "strasse tea ", "istan", "чай -книга", "שלום", "кни", "הת", "مدر"];
    const parts = [
      "हिन्दी",
      "ภาษา",
      "กรุงเทพ",
      "会议 -预算",
      "大学",
      "议事",
      "会議",
      "회의 ",
      "서울",
    ];
    const phrases = [
      '"tea teapot"',
      '"чай книга"',
      '"茶"',
      'resume "naive zebra"',
      "-tea -чай -会议",
    ];
    const all = {
      facets: [],
      since: undefined,
      until: undefined,
      order: "newest",
      after: undefined,
    } as const;
    for (const query of [...beginnings, ...parts, ...phrases]) {
      const { terms } = parseQuery(query, { now: 0, timeZone: "UTC" });
      const expected = texts.flatMap((text, at) =>
        findTerms(terms, [text]) === undefined ? [] : [at + 1],
      );
      const candidates = await store.transaction((tx) =>
        tx.search.find({ ...all, terms, limit: manyMessages }).map(({ serial }) => serial),
      );
      // Serials are positions here, for nothing else was written.
      const compared = candidates.filter(
        (serial) => findTerms(terms, [texts[serial - 1] ?? ""]) !== undefined,
      );
      expect([query, compared.length]).toEqual([query, expected.length]);
      expect(compared).toEqual(expected.toReversed());
    }
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  },
  patienceMs,
);
