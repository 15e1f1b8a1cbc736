import { globSync, readFileSync } from "node:fs";

import { fromHex, toBase64Url } from "@treehouse/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";

import { decodeAny } from "./decode-any.ts";
import { CliFailure } from "./failure.ts";

const fileSchema = z.object({
  vectors: z.array(z.object({ name: z.string(), struct: z.string(), hex: z.string() })),
});

/** The names that our decoder has, by those of the specification's vectors. */
const kinds = new Map(
  Object.entries({
    Batch: "batch",
    ClientFrame: "clientFrame",
    ClientList: "clientList",
    DeviceSigningCertificate: "certificate",
    EntriesPage: "entriesPage",
    Entry: "entry",
    FoundRoomRequest: "foundRoomRequest",
    InboxEntry: "inboxEntry",
    KeyMaterialRequest: "keyMaterialRequest",
    KeyMaterialResponse: "keyMaterialResponse",
    LeafIdentity: "leafIdentity",
    ServerFrame: "serverFrame",
    SignedClientList: "signedClientList",
    SignedHead: "signedHead",
    SubmitMessageRequest: "submitMessageRequest",
    SubmitMessageResponse: "submitMessageResponse",
    TreeResponse: "treeResponse",
    UpdateRequest: "updateRequest",
    UpdateRoomResponse: "updateRoomResponse",
  }),
);

const vectors = globSync("federation-spec/vectors/*.json").flatMap((file) => {
  const parsed = fileSchema.safeParse(JSON.parse(readFileSync(file, "utf8")));
  return parsed.success ? parsed.data.vectors : [];
});

test("every vector of a struct decodes as that struct, from hex, base64url and octets", () => {
  const seen = new Set<string>();
  for (const { name, struct, hex } of vectors) {
    const kind = kinds.get(struct);
    if (kind === undefined) continue;
    seen.add(struct);
    const octets = hex.length / 2;
    const decoded = decodeAny(fromHex(hex), kind);
    expect([name, decoded["kind"], decoded["octets"]]).toEqual([name, kind, octets]);
    expect(decodeAny(toBase64Url(fromHex(hex)), kind)).toEqual(decoded);
    expect(decodeAny(hex.toUpperCase(), kind)).toEqual(decoded);
    expect(JSON.parse(JSON.stringify(decoded))).toEqual(decoded);
    const guessed = decodeAny(hex, undefined);
    const others = z.array(z.string()).parse(guessed["alsoFits"] ?? []);
    expect([guessed["kind"], ...others]).toContain(kind);
  }
  expect([...seen].toSorted()).toEqual([...kinds.keys()].toSorted());
});

test("no octets and no text crash it: they decode, or are refused in words", () => {
  const outcome = (input: string | Uint8Array): unknown => {
    try {
      return typeof decodeAny(input, undefined)["kind"];
    } catch (error) {
      if (!(error instanceof CliFailure)) throw error;
      return `${error.code} ${error.exit}`;
    }
  };
  const attempt = (input: string | Uint8Array) => {
    expect(["string", "malformed 1"]).toContain(outcome(input));
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), attempt));
  fc.assert(fc.property(fc.string({ maxLength: 100 }), attempt));
  const spoilt = fc
    .record({ at: fc.nat(vectors.length - 1), offset: fc.nat(), octet: fc.nat(255) })
    .map(({ at, offset, octet }) => {
      const bytes = fromHex(vectors[at]?.hex ?? "");
      if (bytes.length > 0) bytes[offset % bytes.length] = octet;
      return bytes;
    });
  fc.assert(fc.property(spoilt, attempt));
});
