import { open, rm } from "node:fs/promises";
import { utf8Decode } from "@treehouse/protocol";
import { Assertion } from "../../platform/index.ts";
import type { ObjectStore } from "../../platform/index.ts";
import { BlobGone } from "./blob-store.ts";
import type { BlobStore } from "./blob-store.ts";

/** Octets of one request, either way. S3 takes parts of 5 MiB at least and 10,000 at most. */
const partBytes = 16 * 1024 * 1024;
const readBytes = 1024 * 1024;

/** What a store may say beside the octets that were asked for, such as why there are none. */
const answerBytesMax = readBytes + 64 * 1024;

/**
 * Blobs as objects of a bucket. What an interrupted upload has left of its parts is for the bucket's
 * own rule about incomplete uploads.
 */
export function createS3Blobs({ ask }: ObjectStore): BlobStore {
  async function has(key: string): Promise<boolean> {
    const query = `list-type=2&max-keys=1&prefix=${key}`;
    const { body } = await ask({ method: "GET", query }, [200]);
    return tagsIn(utf8Decode(body), "Key").includes(key);
  }

  async function putParts(key: string, file: string, size: number): Promise<void> {
    const begun = await ask({ method: "POST", key, query: "uploads=" }, [200]);
    const [id = ""] = tagsIn(utf8Decode(begun.body), "UploadId");
    const uploadId = encodeURIComponent(unescaped(id));
    try {
      const parts: string[] = [];
      await forEachPart(file, size, async (body, number) => {
        const query = `partNumber=${number}&uploadId=${uploadId}`;
        const { headers } = await ask({ method: "PUT", key, query, body }, [200]);
        const etag = escaped(headers["etag"] ?? "");
        parts.push(`<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`);
      });
      const document = `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`;
      const body = new TextEncoder().encode(document);
      const query = `uploadId=${uploadId}`;
      const answer = await ask({ method: "POST", key, query, body }, [200]);
      // It may begin to answer before it knows.
      if (tagsIn(utf8Decode(answer.body), "Code").length > 0) {
        throw new Error("The object store did not put the parts together.");
      }
    } catch (error) {
      await ask({ method: "DELETE", key, query: `uploadId=${uploadId}` }, [204]).catch(
        () => undefined,
      );
      throw error;
    }
  }

  return {
    has: (key) => has(checked(key)),
    async adopt(key, file, size) {
      if (!(await has(checked(key)))) {
        if (size > partBytes) await putParts(key, file, size);
        else {
          await forEachPart(file, size, async (body) => {
            await ask({ method: "PUT", key, body }, [200]);
          });
        }
      }
      await rm(file, { force: true });
    },
    async *read(key, offset, length) {
      const end = offset + length;
      for (let at = offset; at < end; at += readBytes) {
        const count = Math.min(readBytes, end - at);
        const headers = { range: `bytes=${at}-${at + count - 1}` };
        const asked = {
          method: "GET",
          key: checked(key),
          headers,
          answerBytesMax,
        } as const;
        const { status, body } = await ask(asked, [206, 404]);
        if (status === 404) throw new BlobGone("There is no such blob.");
        if (body.length !== count) throw new Error("A blob is shorter than it was.");
        yield body;
      }
    },
    async delete(key) {
      await ask({ method: "DELETE", key: checked(key) }, [200, 204, 404]);
    },
    async *list() {
      for (let after = ""; ;) {
        const query = `list-type=2&max-keys=1000&start-after=${after}`;
        const text = utf8Decode((await ask({ method: "GET", query }, [200])).body);
        const keys = tagsIn(text, "Key");
        const times = tagsIn(text, "LastModified");
        for (const [index, key] of keys.entries()) {
          if (keyPattern.test(key)) yield { key, changedAt: Date.parse(times[index] ?? "") };
        }
        const last = keys.at(-1);
        if (last === undefined || tagsIn(text, "IsTruncated")[0] !== "true") return;
        after = encodeURIComponent(unescaped(last));
      }
    },
    close: () => Promise.resolve(),
  };
}

async function forEachPart(
  file: string,
  size: number,
  run: (part: Uint8Array<ArrayBuffer>, number: number) => Promise<void>,
): Promise<void> {
  const handle = await open(file, "r");
  try {
    const buffer = new Uint8Array(Math.min(partBytes, size));
    for (let at = 0, number = 1; at < size; number += 1) {
      let filled = 0;
      const wanted = Math.min(partBytes, size - at);
      while (filled < wanted) {
        const { bytesRead } = await handle.read(buffer, filled, wanted - filled, at + filled);
        if (bytesRead === 0) throw new Error("An upload is shorter than it was.");
        filled += bytesRead;
      }
      await run(buffer.subarray(0, wanted), number);
      at += wanted;
    }
  } finally {
    await handle.close();
  }
}

const keyPattern = /^[0-9a-f]{64}$/;

function checked(key: string): string {
  if (!keyPattern.test(key)) throw new Assertion("This is no key of a blob.");
  return key;
}

/** The text of every element of that name; S3's documents have none inside of these. */
function tagsIn(xml: string, name: string): readonly string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, "g"))].map(
    ([, text = ""]) => text,
  );
}

function unescaped(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
