import fc from "fast-check";
import { expect, test } from "vitest";
import { remembering } from "./remembering.ts";

test("answers as it was computed, whatever is asked in which order", () => {
  const asked = fc.array(fc.integer({ min: 0, max: 40 }).map(String), { maxLength: 300 });
  fc.assert(
    fc.property(asked, fc.integer({ min: 1, max: 10 }), (texts, count) => {
      const computed: string[] = [];
      const known = remembering(count, (text: string) => {
        computed.push(text);
        return `<${text}>`;
      });
      const needless: string[] = [];
      for (const [at, text] of texts.entries()) {
        const before = computed.length;
        expect(known(text)).toBe(`<${text}>`);
        // Whatever stood among the last `count` ones is still known.
        const recent = texts.slice(Math.max(0, at - count), at);
        if (recent.includes(text)) needless.push(...computed.slice(before));
      }
      expect(needless).toEqual([]);
    }),
  );
});

test("what throws is computed again", () => {
  let tries = 0;
  const once = remembering(4, (text: string) => {
    tries += 1;
    if (tries === 1) throw new Error("not yet");
    return text;
  });
  expect(() => once("a")).toThrow("not yet");
  expect([once("a"), once("a"), tries]).toEqual(["a", "a", 2]);
});
