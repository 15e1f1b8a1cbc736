import { expect, test } from "vitest";
import { fromHex } from "../bytes/index.ts";
import { parseRoomUri, parseUserUri } from "../identifiers/index.ts";
import {
  changeOf,
  decodeContent,
  deletionContent,
  editContent,
  encodeContent,
  isEmoji,
  mentionsIn,
  type MimiContent,
  reactionContent,
  textContent,
  textOf,
  unlikeContent,
} from "./index.ts";

const senderUri = parseUserUri("mimi://example.org/u/alice");
const roomUri = parseRoomUri("mimi://example.org/r/aaaaaaaaaaaaaaaaaaaaaaaaaa");
const salt = fromHex("000102030405060708090a0b0c0d0e0f");
const first = fromHex(`01${"ab".repeat(31)}`);
const second = fromHex(`01${"cd".repeat(31)}`);
const hello = textContent({ text: "Hello", salt, senderUri, roomUri });

const sent = (content: MimiContent) => decodeContent(encodeContent(content));

test("FED-823 FED-824 FED-825 changes are told from messages by their form alone", () => {
  expect(changeOf(sent(hello))).toBeUndefined();
  expect(changeOf(sent({ ...hello, inReplyTo: first }))).toBeUndefined();
  expect(changeOf(sent(editContent(hello, first)))).toEqual({ kind: "edit", target: first });
  expect(textOf(sent(editContent(hello, first)))).toBe("Hello");
  const deletion = sent(deletionContent(hello, first));
  expect([changeOf(deletion), textOf(deletion)]).toEqual([
    { kind: "deletion", target: first },
    undefined,
  ]);
  const reaction = sent(reactionContent(hello, first, "🙂"));
  expect(changeOf(reaction)).toEqual({ kind: "reaction", target: first, emojis: ["🙂"] });
  const unlike = unlikeContent(hello, { reaction: second, target: first });
  expect(changeOf(sent(unlike))).toEqual({ kind: "unlike", target: second });
});

test("FED-825 several reactions come in parts, and what is no emoji is passed over", () => {
  const part = (text: string) => reactionContent(hello, first, text).body;
  const body = {
    kind: "multi",
    disposition: 2,
    language: "",
    semantics: "processAll",
    parts: ["🙂", "🙂", "no", "👩‍👩‍👧‍👦"].map(part),
  } as const;
  const change = changeOf(sent({ ...hello, inReplyTo: first, body }));
  expect(change).toMatchObject({ emojis: ["🙂", "👩‍👩‍👧‍👦"] });
  const picture = { ...part("x"), contentType: "image/png" };
  expect(changeOf(sent({ ...hello, inReplyTo: first, body: picture }))).toMatchObject({
    kind: "reaction",
    emojis: [],
  });
});

test("an emoji is one sign, whatever it is made of", () => {
  for (const emoji of ["❤", "❤️", "👍🏽", "🇪🇺", "1️⃣", "👩‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"]) {
    expect([emoji, isEmoji(emoji)]).toEqual([emoji, true]);
  }
  for (const text of ["", "a", "1", "🙂🙂", " 🙂", "🙂\n", "<b>", "🙂".repeat(40)]) {
    expect([text, isEmoji(text)]).toEqual([text, false]);
  }
});

test("R-056 mentions are links of a Markdown text to users, each once", () => {
  const text =
    "[@a](mimi://a.org/u/a) [again](<mimi://a.org/u/a>) [r](mimi://a.org/r/x) (mimi://a.org/u/b)";
  const markdown = textContent({ text, salt, senderUri, roomUri, markdown: true });
  expect(mentionsIn(sent(markdown))).toEqual(["mimi://a.org/u/a"]);
  expect(mentionsIn(textContent({ text, salt, senderUri, roomUri }))).toEqual([]);
});
