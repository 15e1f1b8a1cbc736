import { once } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { fileURLToPath } from "node:url";
import { DIRECTORY_PATH, parseDomain, peerRoutes } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startNameServer } from "../hostile-peer/name-server.ts";
import type { NameServer } from "../hostile-peer/name-server.ts";
import { startSiege } from "../hostile-peer/siege.ts";
import type { Siege } from "../hostile-peer/siege.ts";
import { askAs, directoryOf, listedKey, rawKey } from "../peers/raw-peer.ts";

const preload = fileURLToPath(new URL("../hostile-peer/preload-resolver.mjs", import.meta.url));

/** Addresses that lead back inside, in the forms of FED-916. */
const special = [
  "127.0.0.1",
  "169.254.169.254",
  "::ffff:7f00:1",
  "64:ff9b::7f00:1",
  "2002:7f00:1::",
];

let siege: Siege;
let names: NameServer;
/** Answers for all hostile domains; what it says is up to each test. */
let stub: Server;
let directories: string[] = [];
let redirect: (host: string) => string | undefined = () => undefined;
/** Nobody may ever come here. */
let inside: Server;
let visits = 0;

const mapped = [...special.map((_, index) => `redirect${index}`), "loop", "elsewhere"];

beforeAll(async () => {
  stub = createServer((request, response) => {
    const host = request.headers.host ?? "";
    directories.push(host);
    const location = redirect(host);
    if (location !== undefined) {
      response.writeHead(302, { location }).end();
      return;
    }
    const domain = parseDomain(host);
    const key = rawKey("k1");
    const document = directoryOf(domain, [listedKey(domain, key)]);
    const endpoints = {
      ...document.endpoints,
      notify: "https://alpha.example/federation/v1/notify",
    };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ ...document, endpoints }));
  });
  inside = createServer((_request, response) => void response.end(String((visits += 1))));
  const [stubUrl] = await Promise.all([listen(stub), listen(inside)]);
  names = await startNameServer((name, time) => {
    const [kind = "", number = "0"] = name.split(".")[0]?.split("-") ?? [];
    if (kind === "special") return [special[Number(number)] ?? ""];
    if (kind === "mixed") return ["93.184.216.34", "127.0.0.1"];
    return time === 1 ? ["127.0.0.1"] : ["10.0.0.1"];
  });
  siege = await startSiege({
    strangers: Object.fromEntries(mapped.map((name) => [`${name}.example`, stubUrl])),
    settings: {
      NODE_OPTIONS: `--import ${preload}`,
      TREEHOUSE_TEST_NAME_SERVER: names.address,
    },
  });
}, 120_000);

afterAll(async () => {
  await siege[Symbol.asyncDispose]();
  await names.close();
  for (const server of [stub, inside]) await new Promise((resolve) => server.close(resolve));
});

async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return `http://127.0.0.1:${address.port}`;
}

/** A request that makes the target look for a domain; answers the code of the refusal. */
async function comeFrom(domain: string): Promise<string | undefined> {
  const peer = { domain: parseDomain(domain), key: rawKey("k1") };
  const options = { path: peerRoutes.notify, body: new Uint8Array(40) };
  return (await askAs(peer, siege.target, options)).refusal?.code;
}

test("H-12 FED-916 a directory that redirects to an address inside is not followed", async () => {
  directories = [];
  const address = inside.address();
  const port = typeof address === "object" ? address?.port : 0;
  redirect = (host) => {
    const target = special[Number(/\d/.exec(host)?.[0])] ?? "";
    const shown = target.includes(":") ? `[${target}]` : target;
    return `http://${shown}:${port}${DIRECTORY_PATH}`;
  };
  const objections = await siege.endure(async () => {
    for (const index of special.keys()) {
      expect(await comeFrom(`redirect${index}.example`)).toBe("peerUnknown");
    }
  });
  expect(objections).toEqual([]);
  expect(directories).toHaveLength(special.length);
  expect(visits).toBe(0);
});

test("H-12 FED-916 a name that leads to an address inside is looked up and not connected to", async () => {
  const objections = await siege.endure(async () => {
    for (const index of special.keys()) {
      expect(await comeFrom(`special-${index}.attack.example`)).toBe("peerUnknown");
      // Our own users cannot make the server go there either.
      const asked = siege.alice.contacts.find(`eve@special-${index}.attack.example`);
      await expect(asked).rejects.toMatchObject({ code: "peerUnreachable" });
    }
    expect(await comeFrom("mixed-0.attack.example")).toBe("peerUnknown");
  });
  expect(objections).toEqual([]);
  expect(new Set(names.asked).size).toBe(special.length + 1);
  expect(visits).toBe(0);
});

test("H-13 FED-916 a name that changes its answer is judged by the answer that is used", async () => {
  const objections = await siege.endure(async () => {
    const code = await comeFrom("rebinding-0.attack.example");
    expect(code).toBe("peerUnknown");
  });
  expect(objections).toEqual([]);
  // One look-up, of both families: nothing asks again between judging and connecting.
  const asked = names.asked.filter((name) => name.startsWith("rebinding"));
  expect(asked).toHaveLength(2);
});

test("H-14 FED-903 a directory that leads to itself or elsewhere is fetched once and not believed", async () => {
  directories = [];
  redirect = (host) => (host.startsWith("loop") ? `https://${host}${DIRECTORY_PATH}` : undefined);
  const objections = await siege.endure(async () => {
    for (let count = 0; count < 20; count += 1) {
      expect(await comeFrom("loop.example")).toBe("peerUnknown");
      expect(await comeFrom("elsewhere.example")).toBe("peerUnknown");
    }
  });
  expect(objections).toEqual([]);
  expect(directories.length).toBeLessThanOrEqual(4);
});
