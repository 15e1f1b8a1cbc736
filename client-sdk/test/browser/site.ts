import { createReadStream, existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "vite";

const root = fileURLToPath(new URL("site/", import.meta.url));

/** The policy that `docs/sdk/browser.md` asks for. */
export const policy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types default",
];

/** The same, with servers on this machine to talk to. */
const served = policy
  .join("; ")
  .replace("connect-src 'self'", "$& http://127.0.0.1:* ws://127.0.0.1:*");

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

/** Pages built by Vite and served as an operator would serve them. */
export interface Site extends AsyncDisposable {
  readonly url: string;
  readonly directory: string;
}

/** As an application is built: minified, for browsers of today. */
export async function buildSite(pages: readonly string[]): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "treehouse-site-"));
  await build({
    root,
    configFile: false,
    logLevel: "error",
    publicDir: false,
    resolve: { alias: [{ find: /^vitest$/, replacement: join(root, "vitest.ts") }] },
    worker: { format: "es" },
    build: {
      outDir: directory,
      minify: true,
      modulePreload: false,
      target: "es2025",
      rollupOptions: { input: pages.map((page) => join(root, page)) },
    },
  });
  return directory;
}

export async function serveSite(directory: string): Promise<Site> {
  const server = createServer((incoming, outgoing) => {
    const { pathname } = new URL(incoming.url ?? "/", "http://localhost");
    const path = join(directory, normalize(pathname));
    if (!existsSync(path) || extname(path) === "") {
      outgoing.writeHead(404).end();
      return;
    }
    outgoing.writeHead(200, {
      "content-type": types[extname(path)] ?? "application/octet-stream",
      "content-security-policy": served,
      "x-content-type-options": "nosniff",
    });
    createReadStream(path).pipe(outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the site has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    directory,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
