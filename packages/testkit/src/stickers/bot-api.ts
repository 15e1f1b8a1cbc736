import { createServer, type ServerResponse } from "node:http";

export type BotApiSticker = {
  readonly emoji: string;
  /** Undefined: Telegram does not give it. */
  readonly file: Uint8Array | undefined;
  readonly ending: string;
};

export type BotApiSet = {
  readonly title: string;
  readonly type: "regular" | "custom_emoji";
  readonly stickers: readonly BotApiSticker[];
};

/** A server that speaks as much of Telegram's Bot API as an import asks for. */
export interface BotApiServer extends AsyncDisposable {
  readonly url: string;
  /** Files that were asked for, by number from 0, in the order of the requests. */
  readonly given: number[];
  /** Cuts the connection at this many files more. */
  cutAfter(files: number): void;
  /** Answers "too many requests" to this many requests. */
  refuse(requests: number): void;
}

export async function startBotApi(
  token: string,
  sets: ReadonlyMap<string, BotApiSet>,
): Promise<BotApiServer> {
  const given: number[] = [];
  let [left, refusals] = [Infinity, 0];
  const answer = (response: ServerResponse, status: number, value: object) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(value));
  };
  const fail = (response: ServerResponse, status: number, description: string, more = {}) =>
    answer(response, status, { ok: false, error_code: status, description, ...more });
  const succeed = (response: ServerResponse, result: object) =>
    answer(response, 200, { ok: true, result });
  const describe = ({ title, type, stickers }: BotApiSet, name: string) => ({
    name,
    title,
    sticker_type: type,
    stickers: stickers.map(({ emoji, file }, at) => ({
      file_id: `id-${name}-${at}`,
      file_unique_id: `unique-${name}-${at}`,
      type,
      width: 512,
      height: 512,
      is_animated: false,
      is_video: false,
      emoji,
      set_name: name,
      file_size: file?.length,
    })),
  });
  const stickerOf = (id: string) => {
    const [, name = "", at = ""] = /^id-(\w+)-(\d+)$/.exec(id) ?? [];
    return { at: Number(at), sticker: sets.get(name)?.stickers[Number(at)] };
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    const [, bot = "", ...path] = url.pathname.replace(/^\/file/, "").split("/");
    if (bot !== `bot${token}`) return fail(response, 401, "Unauthorized");
    if (refusals > 0) {
      refusals -= 1;
      const parameters = { retry_after: 0.01 };
      return fail(response, 429, "Too Many Requests: retry after", { parameters });
    }
    if (path[0] === "getStickerSet") {
      const name = url.searchParams.get("name") ?? "";
      const set = sets.get(name);
      if (set === undefined) return fail(response, 400, "Bad Request: STICKERSET_INVALID");
      return succeed(response, describe(set, name));
    }
    if (path[0] === "getFile") {
      const id = url.searchParams.get("file_id") ?? "";
      const { sticker } = stickerOf(id);
      if (sticker?.file === undefined) return fail(response, 400, "Bad Request: wrong file_id");
      return succeed(response, { file_id: id, file_path: `stickers/${id}.${sticker.ending}` });
    }
    const { at, sticker } = stickerOf((path[1] ?? "").replace(/\.\w+$/, ""));
    if (path[0] !== "stickers" || sticker?.file === undefined)
      return fail(response, 404, "Not Found");
    left -= 1;
    if (left < 0) return request.socket.destroy();
    given.push(at);
    response.writeHead(200, { "content-type": "application/octet-stream" });
    return response.end(sticker.file);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it has a port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    given,
    cutAfter: (files) => void (left = files),
    refuse: (requests) => void (refusals = requests),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
