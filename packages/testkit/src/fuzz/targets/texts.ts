import {
  type Bytes,
  fromBase64Url,
  parseAddress,
  parseAssetUri,
  parseClientUri,
  parseDomain,
  parseGroupUri,
  parsePackLink,
  parseProblem,
  parseRoomLink,
  parseRoomUri,
  parseStreamUri,
  parseUserUri,
} from "@treehouse/protocol";
import { ApprovalFault } from "../../../../../client-sdk/src/account/approval/fault.ts";
import { parseCode } from "../../../../../client-sdk/src/account/approval/code.ts";
import { parseRecoveryKey } from "../../../../../client-sdk/src/account/recovery/recovery-key.ts";
import { readPage } from "../../../../../client-sdk/src/link-previews/read-page.ts";
import { safeFileName } from "../../../../../client-sdk/src/media/file-name.ts";
import { QueryFault } from "../../../../../client-sdk/src/search/query-fault.ts";
import { parseQuery } from "../../../../../client-sdk/src/search/query.ts";
import { parseRange } from "../../../../../homeserver/src/assets/range.ts";
import { parseKeyFile } from "../../../../../homeserver/src/backup/secret.ts";
import { BackupRefused } from "../../../../../homeserver/src/backup/refused.ts";
import { parseRuleSubject } from "../../../../../homeserver/src/peers/rule-subject.ts";
import type { Target } from "../target.ts";
import { linesForm, named, split, textOf, texts } from "./text.ts";
import { valuesIn } from "./vectors.ts";

const clock = { now: Date.UTC(2026, 5, 1), timeZone: "Europe/Berlin" };
const size = 1_000_000;

type Reader = (text: string) => unknown;

/** What a person pastes, types or is sent, and headers; a text each. */
const readers: Readonly<Record<string, Reader>> = {
  query: (text) => parseQuery(text, clock),
  range(text) {
    const { offset, length } = parseRange(text, size);
    if (offset < 0 || length <= 0 || offset + length > size) throw new Error("out of the file");
  },
  roomLink: parseRoomLink,
  packLink: parsePackLink,
  address: parseAddress,
  domain: parseDomain,
  user: parseUserUri,
  client: parseClientUri,
  room: parseRoomUri,
  group: parseGroupUri,
  asset: parseAssetUri,
  stream: parseStreamUri,
  approvalCode: parseCode,
  recoveryKey: parseRecoveryKey,
  page: readPage,
  fileName(text) {
    const { name } = safeFileName(text);
    if (/[/\\\0]/.test(name) || /^[.\s]|[.\s]$/u.test(name) || name === "") {
      throw new Error("a name that leads elsewhere");
    }
  },
  backupKey: parseKeyFile,
  rule: parseRuleSubject,
  base64url: fromBase64Url,
  problem: (text) => parseProblem(JSON.parse(text)),
};

const samples: Readonly<Record<string, readonly string[]>> = {
  query: ['tea "green cake" from:bob has:file -is:unread on:2026-02-03 before:7d in:"a b"'],
  range: ["bytes=0-99", "bytes=-5", "bytes=5-"],
  roomLink: valuesIn("join.json", "text").filter((text) => typeof text === "string"),
  address: ["alice@example.org", "@alice:example.org", "alice"],
  domain: ["example.org", "xn--bcher-kva.example", "localhost:8080", "[::1]"],
  user: ["mimi://example.org/u/alice"],
  client: ["mimi://example.org/d/alice/aaaaaaaaaaaaaaaaaaaaaaaaaa"],
  room: ["mimi://example.org/r/aaaaaaaaaaaaaaaaaaaaaaaaaa"],
  group: ["mimi://example.org/g/aaaaaaaaaaaaaaaaaaaaaaaaaa"],
  asset: ["mimi://example.org/a/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"],
  stream: ["mimi://example.org/s/aaaaaaaaaaaaaaaaaaaaaaaaaa"],
  approvalCode: ["ABCD-EFGH-1234", "treehouse-approve:AAAA"],
  recoveryKey: ["0123-4567-89AB-CDEF-GHJK-MNPQ-RSTV-WXYZ-0123-4567-89AB-CDEF-GHJK-MNPQ"],
  page: [
    '<html><head><title>A &amp; B</title><meta property="og:title" content="T">' +
      "<meta name=description content='d &#x41; &lt;'></head>",
  ],
  fileName: ["../../etc/passwd", "a\u202egpj.exe", "CON", "x".repeat(300), "..."],
  backupKey: ["0123456789abcdef".repeat(4)],
  rule: ["example.org", "*.example.org"],
  base64url: ["AAAA", "_-8"],
  problem: ['{"type":"about:blank","title":"x","status":409,"code":"wrongEpoch","epoch":7}'],
};

/** Errors of their own by which they refuse. */
const refusals = [QueryFault, ApprovalFault, BackupRefused, SyntaxError];

export const textTarget: Target = {
  name: "texts",
  reads: "search queries, links, addresses, ranges, codes, web pages, names of files and so on",
  async open() {
    return {
      seeds: Object.entries(samples).flatMap(([name, all]) =>
        texts(...all).map((text) => named(name, text)),
      ),
      form: linesForm,
      judge: (input) => judge(input),
    };
  },
};

function judge(input: Bytes): string {
  const { name, reader, rest } = split(readers, input);
  try {
    reader(textOf(rest));
    return `${name} taken`;
  } catch (error) {
    if (error instanceof QueryFault && !(error.position >= 0 && error.position <= rest.length)) {
      throw new Error("a fault outside of the query", { cause: error });
    }
    if (refusals.some((kind) => error instanceof kind)) return `${name} refused`;
    throw error;
  }
}
