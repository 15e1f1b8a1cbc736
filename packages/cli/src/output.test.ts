import { expect, test } from "vitest";

import { createOutput, harmless, jsonText, oneLine, type OutputOptions } from "./output.ts";
import type { Terminal } from "./terminal.ts";

function printed(options: Partial<OutputOptions>, atTerminal: boolean) {
  const written = { out: "", err: "" };
  const terminal: Terminal = {
    env: {},
    stdoutIsTerminal: atTerminal,
    stdinIsTerminal: atTerminal,
    out(text) {
      written.out += text;
    },
    written: () => Promise.resolve(),
    outputLost: new AbortController().signal,
    err(text) {
      written.err += text;
    },
    readAll: () => Promise.resolve(""),
    async *lines() {},
    askSecret: () => Promise.resolve(""),
    interrupted: new AbortController().signal,
  };
  const all = {
    json: false,
    jsonl: false,
    fields: undefined,
    quiet: false,
    context: undefined,
    ...options,
  };
  return { written, output: createOutput(terminal, all) };
}

const rows = [{ id: 1, name: "a" }, { id: 2 }];

test("a list is one object with --json, a line a row with --jsonl, and else text", () => {
  const list = (options: Partial<OutputOptions>) => {
    const { written, output } = printed(options, false);
    output.list("rows", rows, (row) => `row ${String(row["id"])}`);
    return written.out;
  };
  expect(list({})).toBe("row 1\nrow 2\n");
  expect(list({ json: true })).toBe('{"rows":[{"id":1,"name":"a"},{"id":2}]}\n');
  expect(list({ jsonl: true })).toBe('{"id":1,"name":"a"}\n{"id":2}\n');
  expect(list({ fields: ["name"] })).toBe('{"rows":[{"name":"a"},{"name":null}]}\n');
  expect(() => list({ fields: ["nmae"] })).toThrow(/there is no field "nmae"/);
});

test("an item of a stream is text at a terminal and a JSON line elsewhere", () => {
  for (const [atTerminal, expected] of [
    [true, "hello\n"],
    [false, '{"id":1}\n'],
  ] as const) {
    const { written, output } = printed({}, atTerminal);
    output.item({ id: 1 }, "hello");
    expect(written).toEqual({ out: expected, err: "" });
  }
});

test("remarks go to the standard error; hints only where people read, and none if quiet", () => {
  const told = (options: Partial<OutputOptions>) => {
    const { written, output } = printed(options, true);
    output.note("note");
    output.hint("hint");
    return written;
  };
  expect(told({})).toEqual({ out: "", err: "note\nhint\n" });
  expect(told({ json: true })).toEqual({ out: "", err: "note\n" });
  expect(told({ quiet: true })).toEqual({ out: "", err: "" });
});

test("control characters and marks of direction are replaced, lines and tabs are kept", () => {
  expect(harmless("a\u001b[1m\r\u0007\u009b\u202e\u2066\u061c\u200e\u200fb\n\tc ä 👍")).toBe(
    `a\ufffd[1m${"\ufffd".repeat(8)}b\n    \tc ä 👍`,
  );
  const written = "שלום, مرحبا, می\u200cخواهم, क्\u200dष, 👩‍👩‍👧, 🏴󠁧󠁢󠁷󠁬󠁳󠁿";
  expect(harmless(written)).toBe(written);
});

test("T-36 no text of others begins a line, whichever break it holds", () => {
  const forged = "tea\nbob: forged\u2028bob: forged\u2029bob: forged";
  const rest = "\n    bob: forged".repeat(3);
  const { written, output } = printed({}, true);
  output.result({}, ["two lines", forged]);
  output.list("rows", [{ forged }], (row) => row.forged);
  output.item({}, forged);
  output.note(forged);
  output.hint(forged);
  expect(written.out).toBe(`two lines\n${`tea${rest}\n`.repeat(3)}`);
  expect(written.err).toBe(`tea${rest}\n`.repeat(2));
  expect(oneLine("a\r\n \u0085\u2028\t b  c")).toBe("a b c");
});

test("T-36 JSON says the same with escapes for what could take over a terminal", () => {
  const text = Array.from({ length: 0x2100 }, (_, code) => String.fromCharCode(code)).join("");
  const value = { [text]: [text, "👩‍👩‍👧"] };
  expect(JSON.parse(jsonText(value))).toEqual(value);
  expect(jsonText(value)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
  expect(jsonText("\u009b\u061c")).toBe(String.raw`"\u009b\u061c"`);
  expect(jsonText("שלום 👩‍👩‍👧")).toBe('"שלום 👩‍👩‍👧"');
});

test("a command in a hint is that of the context which was named", () => {
  const hinted = (context?: string) => {
    const { written, output } = printed({ context }, true);
    output.hint("Next: treehouse send Tea; or `treehouse contact ls`. This is treehouse.");
    return written.err;
  };
  expect(hinted()).toBe(
    "Next: treehouse send Tea; or `treehouse contact ls`. This is treehouse.\n",
  );
  expect(hinted("ben")).toBe(
    "Next: treehouse --context ben send Tea; or `treehouse --context ben contact ls`. This is treehouse.\n",
  );
  expect(hinted("old ben")).toContain("treehouse --context 'old ben' send Tea");
});
