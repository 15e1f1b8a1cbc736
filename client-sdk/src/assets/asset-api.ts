import {
  type AssetAccess,
  ASSET_HEADERS,
  assetAnswerSchema,
  type AssetAudience,
  assetListAnswerSchema,
  type AssetUri,
  assetUploadAnswerSchema,
  assetUploadStateSchema,
  assetUsageSchema,
  type Bytes,
  type HttpResponse,
  LIMITS,
  MEDIA_TYPE_OCTETS,
  NetworkFault,
  paths,
  toBase64Url,
  utf8Decode,
} from "@treehouse/protocol";

import type { Api } from "../transport/index.ts";

/** What the own server does with assets. Throws `Refusal` and `NetworkFault`. */
export function createAssetApi(api: Api) {
  return {
    begin: (wanted: {
      readonly size: number;
      readonly audience: AssetAudience;
      readonly expiresAt: number | undefined;
    }) => api.json("POST", paths.assetUploads(), assetUploadAnswerSchema, wanted),

    /** Answers how many octets are there then. */
    async put(
      upload: string,
      part: {
        readonly offset: number;
        readonly octets: Uint8Array;
        readonly signal: AbortSignal | undefined;
      },
    ): Promise<number> {
      const { body } = await api.octets({
        method: "PUT",
        path: paths.assetUploadPart(),
        headers: {
          "content-type": MEDIA_TYPE_OCTETS,
          [ASSET_HEADERS.upload]: upload,
          [ASSET_HEADERS.offset]: String(part.offset),
        },
        body: part.octets,
        signal: part.signal,
        timeoutMs: partTimeoutMs,
        responseBytesMax: answerBytesMax,
      });
      return parse(assetUploadStateSchema.pick({ received: true }), body).received;
    },

    async state(upload: string): Promise<{ readonly received: number; readonly size: number }> {
      const { body } = await api.octets({
        method: "GET",
        path: paths.assetUploadState(),
        headers: { [ASSET_HEADERS.upload]: upload },
        timeoutMs: requestTimeoutMs,
        responseBytesMax: answerBytesMax,
      });
      return parse(assetUploadStateSchema, body);
    },

    finish: (upload: string, hash: Bytes) =>
      api.json("POST", paths.assetUploadFinish(), assetAnswerSchema, {
        upload,
        hash: toBase64Url(hash),
      }),

    abandon: (upload: string) => api.done("POST", paths.assetUploadAbandon(), { upload }),

    /** A range of the octets at the server; an answer that is not this range is a `NetworkFault`. */
    async read(
      { uri, access }: { readonly uri: AssetUri; readonly access: AssetAccess },
      wanted: {
        readonly offset: number;
        readonly length: number;
        readonly fresh: boolean;
        readonly signal: AbortSignal | undefined;
      },
    ): Promise<{ readonly octets: Bytes; readonly size: number }> {
      const { length, offset } = wanted;
      const response = await api.octets({
        method: "GET",
        path: paths.assetContent(),
        headers: {
          [ASSET_HEADERS.asset]: uri,
          ...(access.kind === "room" ? { [ASSET_HEADERS.room]: access.room } : {}),
          ...(access.kind === "bearer"
            ? { [ASSET_HEADERS.secret]: toBase64Url(access.secret) }
            : {}),
          range: `bytes=${offset}-${offset + length - 1}`,
          ...(wanted.fresh ? { "cache-control": "no-cache" } : {}),
        },
        signal: wanted.signal,
        timeoutMs: partTimeoutMs,
        responseBytesMax: length,
      });
      return { octets: response.body, size: sizeIn(response, offset) };
    },

    copy: (wanted: {
      readonly asset: AssetUri;
      readonly room?: string;
      readonly secret?: string;
      readonly audience: AssetAudience;
    }) => api.json("POST", paths.assetCopies(), assetAnswerSchema, wanted),

    delete: (asset: AssetUri) => api.done("POST", paths.assetDeletions(), { asset }),

    list: (page: { readonly prefix: string; readonly after: string }) =>
      api.json("POST", paths.assetList(), assetListAnswerSchema, page),

    usage: () => api.json("GET", paths.assetUsage(), assetUsageSchema),
  };
}

export type AssetApi = ReturnType<typeof createAssetApi>;

const requestTimeoutMs = 30_000;
/** At the slowest a part takes this long; what has come of it until then stays. */
const partTimeoutMs = 55_000;
const answerBytesMax = 4096;

/** The size of the whole, if the answer is of the range that was asked for. */
function sizeIn({ body, headers, status }: HttpResponse, offset: number): number {
  const range = /^bytes ([0-9]+)-([0-9]+)\/([0-9]+)$/.exec(headers["content-range"] ?? "");
  const [from = -1, to = -1, size = -1] = (range ?? []).slice(1).map(Number);
  if (status !== 206 || from !== offset || to - from + 1 !== body.length || size <= to) {
    throw new NetworkFault("broken", "the server's answer is not the range that was asked for");
  }
  if (size > Number.MAX_SAFE_INTEGER || body.length > LIMITS.assetPartBytesMax) {
    throw new NetworkFault("tooLarge", "the server's answer is larger than what was asked for");
  }
  return size;
}

function parse<T>(schema: { parse(value: unknown): T }, body: Uint8Array): T {
  try {
    return schema.parse(JSON.parse(utf8Decode(body)));
  } catch (cause) {
    throw new NetworkFault("broken", "the server's answer is not what this client understands", {
      cause,
    });
  }
}
