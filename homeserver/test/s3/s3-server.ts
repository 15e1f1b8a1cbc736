import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";

/**
 * An object store that speaks as much of S3 as the server asks for, and takes nothing that is not
 * signed as AWS has it (Signature Version 4, with the body's hash).
 */
export interface S3Server extends AsyncDisposable {
  readonly url: string;
  readonly objects: Map<string, Buffer>;
  /** Parts of uploads that are not complete. */
  readonly parts: Map<string, Map<number, Buffer>>;
  /** The next requests are answered so, and have no effect. */
  readonly faults: number[];
  readonly refused: string[];
}

export const s3Credentials = {
  bucket: "files",
  region: "eu-test-1",
  accessKeyId: "the-key",
  secretAccessKey: "the-secret",
};

export async function startS3Server(): Promise<S3Server> {
  const objects = new Map<string, Buffer>();
  const parts = new Map<string, Map<number, Buffer>>();
  const faults: number[] = [];
  const refused: string[] = [];
  let uploads = 0;

  type Answer = { status: number; body?: Buffer | string; headers?: Record<string, string> };

  function answer(incoming: IncomingMessage, url: URL, body: Buffer): Answer {
    const { method, headers } = incoming;
    const key = url.pathname.slice(`/${s3Credentials.bucket}/`.length);
    const uploadId = url.searchParams.get("uploadId") ?? "";
    const upload = parts.get(uploadId);
    if (method === "POST" && url.searchParams.has("uploads")) {
      const id = `upload&${(uploads += 1)}`;
      parts.set(id, new Map());
      return { status: 200, body: `<R><UploadId>${id.replace("&", "&amp;")}</UploadId></R>` };
    }
    if (uploadId !== "" && upload === undefined)
      return { status: 404, body: "<Code>NoSuchUpload</Code>" };
    if (upload !== undefined) {
      if (method === "PUT") {
        upload.set(Number(url.searchParams.get("partNumber")), body);
        return { status: 200, headers: { etag: `"${md5(body)}"` } };
      }
      parts.delete(uploadId);
      if (method === "DELETE") return { status: 204 };
      const listed = [
        ...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>&quot;(\w+)&quot;/g),
      ];
      const pieces = listed.map(([, number, etag]) => {
        const piece = upload.get(Number(number)) ?? Buffer.alloc(0);
        return md5(piece) === etag ? piece : undefined;
      });
      if (pieces.includes(undefined))
        return { status: 200, body: "<Error><Code>InvalidPart</Code></Error>" };
      objects.set(key, Buffer.concat(pieces.filter((piece) => piece !== undefined)));
      return { status: 200, body: "<CompleteMultipartUploadResult/>" };
    }
    if (method === "GET" && url.searchParams.get("list-type") === "2")
      return { status: 200, body: list(url) };
    if (method === "PUT") {
      objects.set(key, body);
      return { status: 200, headers: { etag: `"${md5(body)}"` } };
    }
    if (method === "DELETE") {
      objects.delete(key);
      return { status: 204 };
    }
    const object = objects.get(key);
    if (object === undefined) return { status: 404, body: "<Error><Code>NoSuchKey</Code></Error>" };
    const [, from = "0", to = ""] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? [];
    return { status: 206, body: object.subarray(Number(from), Number(to) + 1) };
  }

  function list({ searchParams }: URL): string {
    const most = Number(searchParams.get("max-keys"));
    const found = [...objects.keys()]
      .filter((key) => key.startsWith(searchParams.get("prefix") ?? ""))
      .filter((key) => key > (searchParams.get("start-after") ?? ""))
      .toSorted();
    const page = found.slice(0, Math.min(most, 2));
    const contents = page.map(
      (key) =>
        `<Contents><Key>${key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>`,
    );
    return `<R><IsTruncated>${page.length < found.length}</IsTruncated>${contents.join("")}</R>`;
  }

  const server = createServer((incoming, outgoing) => {
    void buffer(incoming).then((body) => {
      const url = new URL(incoming.url ?? "", "http://s3.test");
      const fault = faults.shift();
      const wrong = faultOfSignature(incoming, url, body);
      if (wrong !== undefined) refused.push(wrong);
      const {
        status,
        body: told,
        headers = {},
      }: Answer = fault !== undefined
        ? { status: fault, body: "<Error><Code>SlowDown</Code></Error>" }
        : wrong !== undefined
          ? { status: 403, body: "<Error><Code>SignatureDoesNotMatch</Code></Error>" }
          : answer(incoming, url, body);
      outgoing.writeHead(status, headers).end(told);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    objects,
    parts,
    faults,
    refused,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** AWS Signature Version 4, as its documentation has it; undefined if the request is signed so. */
function faultOfSignature(incoming: IncomingMessage, url: URL, body: Buffer): string | undefined {
  const { headers, method } = incoming;
  const told =
    /^AWS4-HMAC-SHA256 Credential=([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]+)$/.exec(
      headers.authorization ?? "",
    );
  if (told === null) return "no signature";
  const [, credential = "", signedHeaders = "", signature = ""] = told;
  const [id, day = "", region = "", service = ""] = credential.split("/");
  if (id !== s3Credentials.accessKeyId || region !== s3Credentials.region)
    return "another credential";
  const payload = String(headers["x-amz-content-sha256"]);
  if (payload !== sha256(body)) return "another body";
  if (!signedHeaders.split(";").includes("host")) return "the host is not signed";
  const time = String(headers["x-amz-date"]);
  const query = [...url.searchParams]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .toSorted()
    .join("&");
  const canonical = [
    method,
    url.pathname,
    query,
    ...signedHeaders.split(";").map((name) => `${name}:${String(headers[name]).trim()}`),
    "",
    signedHeaders,
    payload,
  ].join("\n");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", time, scope, sha256(Buffer.from(canonical))].join("\n");
  const key = [day, region, service, "aws4_request"].reduce<Buffer>(
    (secret, part) => hmac(secret, part),
    Buffer.from(`AWS4${s3Credentials.secretAccessKey}`),
  );
  return hmac(key, text).toString("hex") === signature ? undefined : "another signature";
}

function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

const sha256 = (octets: Buffer): string => createHash("sha256").update(octets).digest("hex");
const md5 = (octets: Buffer): string => createHash("md5").update(octets).digest("hex");
const hmac = (key: Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
