import { createServer, type Server } from "node:http";

import { afterAll, beforeAll, expect, test } from "vitest";

import { fetchLinkPreview } from "../node.ts";
import { isPublic } from "./permit.ts";
import { readPage } from "./read-page.ts";

let server: Server;
let base: string;
const asked: string[] = [];
const png = Buffer.from("89504e470d0a1a0a0000", "hex");
const page = (head: string) => `<!doctype html><html><head>${head}</head><body>hello</body></html>`;
const cake = page(`<title>Old</title>
  <meta property="og:title" content="Cake &amp; tea &#x1F370;">
  <meta content='All of it' name=description><meta property=og:image content="/cake.png">`);

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url ?? "");
    const html = (text: string) => {
      response.setHeader("content-type", "text/html; charset=utf-8").end(text);
    };
    const to = (location: string) => response.writeHead(302, { location }).end();
    if (request.url === "/cake") html(cake);
    else if (request.url === "/cake.png") response.end(png);
    else if (request.url === "/moved") to("/cake");
    else if (request.url === "/inside") to(`${base.replace("127.0.0.1", "127.0.0.2")}/secret`);
    else if (request.url === "/round") to("/round");
    else if (request.url === "/empty") html(page(""));
    else if (request.url === "/endless") {
      response.setHeader("content-type", "text/html");
      response.write(page("<title>Long</title>"));
      const write = () => {
        if (!response.writableEnded && !response.destroyed) {
          response.write("x".repeat(65_536), () => setImmediate(write));
        }
      };
      write();
    } else response.setHeader("content-type", "application/json").end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("there is no port");
  base = `http://127.0.0.1:${address.port}`;
});

afterAll(() => new Promise((resolve) => void server.close(resolve)));

const permit = (address: string) => address === "127.0.0.1";

test("R-055 a page's words and picture are fetched, over a redirection too", async () => {
  for (const path of ["/cake", "/moved"]) {
    expect(await fetchLinkPreview(`${base}${path}`, { permit })).toEqual({
      url: `${base}${path}`,
      title: "Cake & tea 🍰",
      description: "All of it",
      image: { mediaType: "image/png", data: png.toString("base64url") },
    });
  }
  const { title } = await fetchLinkPreview(`${base}/endless`, { permit });
  expect(title).toBe("Long");
});

test("R-055 T-38 what is no page of the public web is not asked, however it is named", async () => {
  asked.length = 0;
  const port = new URL(base).port;
  for (const host of ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433"]) {
    const fetching = fetchLinkPreview(`http://${host}:${port}/cake`);
    await expect(fetching).rejects.toMatchObject({ code: "notFound" });
  }
  expect(asked).toEqual([]);
  // The first hop is permitted, and what it leads to is not.
  const inside = fetchLinkPreview(`${base}/inside`, { permit });
  await expect(inside).rejects.toMatchObject({ code: "notFound" });
  expect(asked).toEqual(["/inside"]);
  for (const wrong of ["file:///etc/passwd", "ftp://a.test/", "no link", "http://a:b@c.test/"]) {
    await expect(fetchLinkPreview(wrong)).rejects.toMatchObject({ code: "malformed" });
  }
  for (const path of ["/empty", "/other", "/round"]) {
    const fetching = fetchLinkPreview(`${base}${path}`, { permit });
    await expect(fetching).rejects.toMatchObject({ code: "notFound" });
  }
});

test("addresses of houses, machines and clouds are not public", () => {
  const inside =
    "0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 169.254.169.254 172.16.0.1 192.168.1.1 198.18.0.1 " +
    "224.0.0.1 255.255.255.255 :: ::1 ::ffff:10.0.0.1 fe80::1 fc00::1 ff02::1 64:ff9b::a00:1 " +
    "2002:a00:1:: 2001:db8::1 not-an-address";
  expect(inside.split(" ").filter(isPublic)).toEqual([]);
  expect(["1.1.1.1", "2606:4700::1111"].filter(isPublic)).toHaveLength(2);
});

test("whatever a page holds, its words are one line without what turns the reading", () => {
  const hostile = page("<title>a\u202Eb\u0000\n c&#1114112;&nosuch;</title><meta content>");
  expect(readPage(hostile)).toEqual({
    title: "a b c&nosuch;",
    description: undefined,
    image: undefined,
  });
  expect(readPage("<meta ".repeat(20_000))).toMatchObject({ title: undefined });
});

const endless = [
  "<title",
  "<title ",
  "<title\n<",
  "<title>",
  "<meta ",
  "<meta content='",
  "<meta name",
] as const;

test.each(endless)("T-39 a page full of %j is read in time that follows its length", (part) => {
  // Where each beginning looks for its end in all that follows, this takes minutes.
  expect(readPage(part.repeat(300_000)).title).toBeUndefined();
});

test("a title is found behind attributes, and behind one that does not end", () => {
  expect(readPage('<title data-of="x">Tea</title>').title).toBe("Tea");
  expect(readPage("<title <title>Tea</title>").title).toBe("Tea");
});
