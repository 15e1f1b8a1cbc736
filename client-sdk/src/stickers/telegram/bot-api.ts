import {
  type Bytes,
  type Env,
  type HttpResponse,
  NetworkFault,
  Refusal,
  utf8Decode,
} from "@treehouse/protocol";
import { z } from "zod";

export const TELEGRAM_API = "https://api.telegram.org";

const setSchema = z.object({
  title: z.string(),
  sticker_type: z.string(),
  stickers: z.array(
    z.object({
      file_id: z.string().min(1).max(256),
      file_unique_id: z.string().min(1).max(256),
      emoji: z.string().optional(),
    }),
  ),
});

/** A sticker set as Telegram's Bot API tells it. */
export type TelegramSet = z.infer<typeof setSchema>;
export type TelegramSticker = TelegramSet["stickers"][number];

const answerSchema = z.object({
  ok: z.boolean(),
  result: z.unknown().optional(),
  parameters: z.object({ retry_after: z.number().nonnegative().optional() }).optional(),
});
const fileSchema = z.object({ file_path: z.string().regex(/^(?!.*\.\.)[\w./-]{1,512}$/) });

/** The Bot API, as far as an import needs it. What it throws never holds the token. */
export interface BotApi {
  /** Refuses `notFound` when there is no such set. */
  stickerSet(name: string): Promise<TelegramSet>;
  /** The file's octets. Refuses `notFound` when Telegram does not give it. */
  file(sticker: TelegramSticker, bytesMax: number): Promise<Bytes>;
}

const timeoutMs = 30_000;
const answerBytesMax = 1024 * 1024;
/** So often, and so long at a time, an import waits because Telegram says so. */
const waitsMax = 5;
const waitMaxMs = 60_000;

/** `token` is the user's own; it goes to `base` alone, and nowhere is it kept. */
export function createBotApi(
  env: Pick<Env, "fetch" | "timer">,
  {
    token,
    base = TELEGRAM_API,
    signal,
  }: {
    readonly token: string;
    readonly base?: string | undefined;
    readonly signal?: AbortSignal | undefined;
  },
): BotApi {
  if (!/^\d{1,20}:[\w-]{8,128}$/.test(token)) {
    throw new Refusal(
      "malformed",
      "this is no token of a Telegram bot: it is digits, a colon and letters",
    );
  }
  const root = checkBase(base);
  const get = async (path: string, bytesMax: number): Promise<HttpResponse> => {
    for (let waits = 0; ; waits += 1) {
      signal?.throwIfAborted();
      const answer = await fetchQuietly(env, root + path, bytesMax);
      if (answer.status !== 429 || waits === waitsMax) return answer;
      const seconds = parse(answer.body)?.parameters?.retry_after ?? 1;
      await new Promise<void>((resolve) => env.timer(Math.min(seconds * 1000, waitMaxMs), resolve));
    }
  };
  const call = async <T>(method: string, query: string, schema: z.ZodType<T>): Promise<T> => {
    const answer = await get(`/bot${token}/${method}?${query}`, answerBytesMax);
    refuseStatus(answer.status);
    const parsed = parse(answer.body);
    const result = parsed?.ok === true ? schema.safeParse(parsed.result) : undefined;
    if (result?.success === true) return result.data;
    throw new NetworkFault("broken", "what Telegram answers is not what its Bot API says");
  };
  return {
    stickerSet: (name) => call("getStickerSet", `name=${encodeURIComponent(name)}`, setSchema),
    async file({ file_id }, bytesMax) {
      const query = `file_id=${encodeURIComponent(file_id)}`;
      const { file_path } = await call("getFile", query, fileSchema);
      const { status, body } = await get(`/file/bot${token}/${file_path}`, bytesMax);
      refuseStatus(status);
      return body;
    },
  };
}

/** The token must not go over a network in the clear. */
function checkBase(base: string): string {
  const url = URL.canParse(base) ? new URL(base) : undefined;
  const isLoopback = url !== undefined && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
  const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback);
  if (url === undefined || !isSafe || url.search !== "" || url.hash !== "") {
    throw new Refusal("malformed", "the address of the Bot API has to begin with https://");
  }
  return base.replace(/\/+$/, "");
}

/** The address holds the token: nothing of what went wrong is passed on but its kind. */
async function fetchQuietly(
  env: Pick<Env, "fetch">,
  url: string,
  responseBytesMax: number,
): Promise<HttpResponse> {
  try {
    return await env.fetch({ method: "GET", url, timeoutMs, responseBytesMax });
  } catch (error) {
    if (!(error instanceof NetworkFault)) throw new NetworkFault("broken", unreachable);
    if (error.reason === "tooLarge") {
      throw new Refusal("tooLarge", `Telegram's answer is over ${responseBytesMax} octets`);
    }
    throw new NetworkFault(error.reason, unreachable);
  }
}

const unreachable =
  "Telegram cannot be reached; what has come already is kept, and the same import goes on with it";

function refuseStatus(status: number): void {
  if (status === 200) return;
  if (status === 401 || status === 403) {
    throw new Refusal("notAllowed", "Telegram does not take the token");
  }
  if (status === 400 || status === 404) throw new Refusal("notFound", "Telegram does not have it");
  throw new NetworkFault("broken", `Telegram answered ${status}`);
}

function parse(body: Uint8Array): z.infer<typeof answerSchema> | undefined {
  try {
    return answerSchema.safeParse(JSON.parse(utf8Decode(body))).data;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof Refusal) return undefined;
    throw error;
  }
}
