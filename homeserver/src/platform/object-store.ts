import { AwsV4Signer } from "aws4fetch";
import { NetworkFault, Refusal, toHex, utf8Decode } from "@treehouse/protocol";
import type { Env, HttpRequest, HttpResponse } from "@treehouse/protocol";
import { sha256 } from "./sha256.ts";

/** What the operator says of the store. */
export interface ObjectStoreOptions {
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export type ObjectRequest = {
  readonly method: HttpRequest["method"];
  /** Of the object; without it the request is about the bucket. */
  readonly key?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly answerBytesMax?: number;
};

/**
 * One bucket of a store that speaks S3. It is the operator's choice and no user's, so its address is
 * asked for like those of the settings.
 */
export interface ObjectStore {
  /**
   * Resolves with an answer whose status is one of `good`. What the store cannot do just now is asked
   * again: only ask what may be done twice. Refuses `storageFull`.
   */
  ask(request: ObjectRequest, good: readonly number[]): Promise<HttpResponse>;
}

const requestTimeoutMs = 60_000;
const answerBytesMax = 4 * 1024 * 1024;
const triesMax = 4;
const firstWaitMs = 100;

/**
 * Every request is signed with the hash of its body (AWS Signature Version 4), so that what is stored
 * is what was sent.
 */
export function createObjectStore(
  env: Pick<Env, "fetch" | "timer">,
  { endpoint, bucket, ...credentials }: ObjectStoreOptions,
): ObjectStore {
  const base = `${endpoint.replace(/\/+$/, "")}/${bucket}`;

  async function once({ method, key, query, headers, body, ...rest }: ObjectRequest) {
    const object = key === undefined ? "" : `/${key}`;
    const signed = await new AwsV4Signer({
      ...credentials,
      service: "s3",
      method,
      url: base + object + (query === undefined ? "" : `?${query}`),
      headers: {
        ...headers,
        "x-amz-content-sha256": toHex(sha256(body ?? new Uint8Array(0))),
      },
    }).sign();
    return env.fetch({
      method,
      url: signed.url.href,
      headers: Object.fromEntries(signed.headers),
      ...(body === undefined ? {} : { body }),
      timeoutMs: requestTimeoutMs,
      responseBytesMax: rest.answerBytesMax ?? answerBytesMax,
    });
  }

  return {
    async ask(request, good) {
      for (let tries = 1; ; tries += 1) {
        try {
          const answer = await once(request);
          if (good.includes(answer.status)) return answer;
          if (!isPassing(answer.status) || tries === triesMax) throw failed(request, answer);
        } catch (error) {
          if (!(error instanceof NetworkFault) || tries === triesMax) throw error;
        }
        await new Promise<void>((resolve) => env.timer(firstWaitMs * 4 ** (tries - 1), resolve));
      }
    },
  };
}

/** Trouble of the store's own, other than a lack of room. */
function isPassing(status: number): boolean {
  return status >= 500 && status !== 507;
}

function failed({ method }: ObjectRequest, { status, body }: HttpResponse): Error {
  const [, code = ""] = /<Code>(\w+)<\/Code>/.exec(utf8Decode(body)) ?? [];
  if (status === 507 || code === "QuotaExceeded" || code === "XMinioStorageFull") {
    return new Refusal("storageFull", "There is no room for files now.");
  }
  return new Error(`The object store answered ${status} ${code} to ${method}.`);
}
