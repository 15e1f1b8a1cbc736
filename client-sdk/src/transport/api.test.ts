import {
  type HttpResponse,
  problemOf,
  Refusal,
  type RefusalData,
  utf8Encode,
} from "@treehouse/protocol";
import { expect, test } from "vitest";

import { type Api, createApi } from "./api.ts";

/** A server that puts off the first requests; how often it was asked, and what was waited for. */
function puttingOff(
  times: number,
  data: RefusalData,
): { api: Api; asked: () => number; waited: number[] } {
  const problem = problemOf(new Refusal("rateLimited", "too many", data));
  const refused: HttpResponse = {
    status: problem.status,
    headers: {},
    body: utf8Encode(JSON.stringify(problem)),
  };
  let asked = 0;
  const waited: number[] = [];
  const env = {
    fetch: () => {
      asked += 1;
      const done = { status: 200, headers: {}, body: utf8Encode("{}") };
      return Promise.resolve(asked <= times ? refused : done);
    },
    timer(ms: number, run: () => void) {
      waited.push(ms);
      run();
      return () => undefined;
    },
  };
  const asker = { token: () => undefined, prove: () => undefined };
  return { api: createApi(env, "https://example.org", asker), asked: () => asked, waited };
}

test("what the server puts off for a moment is asked for once more by itself", async () => {
  const { api, asked, waited } = puttingOff(2, { retryAfterMs: 88 });
  await api.done("POST", "/v1/anything", {});
  expect([asked(), waited]).toEqual([3, [88, 88]]);
});

test("whom a server of another domain does not know is told of that server", async () => {
  const asked: string[] = [];
  const answering = (domain: string, code: "sessionEnded" | "notAllowed") =>
    createApi(
      {
        fetch({ url, headers }) {
          asked.push(`${url} ${headers?.["authorization"]}`);
          const problem = problemOf(new Refusal(code, "no"));
          const server = { domain, serverKeys: [], limits: {}, version: "1", registration: "open" };
          const isOfServer = url.endsWith("/server");
          return Promise.resolve({
            status: isOfServer ? 200 : problem.status,
            headers: {},
            body: utf8Encode(JSON.stringify(isOfServer ? server : problem)),
          });
        },
        timer: () => () => undefined,
      },
      "https://there.test",
      { token: () => undefined, prove: () => undefined, domain: "own.test" },
    );
  await expect(answering("other.test", "sessionEnded").done("GET", "/v1/x")).rejects.toMatchObject({
    code: "sessionEnded",
    domain: "other.test",
    message: "the server at https://there.test is other.test, not own.test",
  });
  const own = answering("own.test", "sessionEnded").done("GET", "/v1/x");
  await expect(own).rejects.toMatchObject({ code: "sessionEnded", message: "no" });
  expect(asked).toHaveLength(4);
  await expect(answering("other.test", "notAllowed").done("GET", "/v1/x")).rejects.toMatchObject({
    message: "no",
  });
  expect(asked).toHaveLength(5);
});

test("what it puts off again and again, or for longer, is for the user to know", async () => {
  const often = puttingOff(9, { retryAfterMs: 88 });
  await expect(often.api.done("GET", "/v1/anything")).rejects.toMatchObject({
    code: "rateLimited",
  });
  expect(often.asked()).toBe(3);
  const long = puttingOff(1, { retryAfterMs: 5_000 });
  await expect(long.api.done("GET", "/v1/anything")).rejects.toMatchObject({ code: "rateLimited" });
  const unknown = puttingOff(1, {});
  await expect(unknown.api.done("GET", "/v1/any")).rejects.toMatchObject({ code: "rateLimited" });
  expect([long.waited, unknown.waited]).toEqual([[], []]);
});
