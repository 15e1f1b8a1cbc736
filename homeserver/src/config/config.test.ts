import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ConfigRefused, defaultConfig, describeSettings, loadConfig } from "./index.ts";
import { settings } from "./settings.ts";

let directory = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "treehouse-config-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

function written(toml: string): string {
  const file = join(directory, "t.toml");
  writeFileSync(file, toml);
  return file;
}

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigRefused) return error.message;
    throw error;
  }
  return "accepted";
}

test("without a word from the operator there is a default for everything", () => {
  expect(loadConfig({ file: written("") })).toEqual(defaultConfig());
  expect(defaultConfig()).toMatchObject({
    server: { domain: "localhost", host: "127.0.0.1", port: 4280 },
    metrics: { enabled: true, host: "127.0.0.1", port: 4281 },
    registration: { mode: "invite" },
  });
});

test("the environment overrides the file, and flags override both", () => {
  const file = written('[server]\ndomain = "example.org"\nport = 1\n[log]\nlevel = "warn"\n');
  const variables = {
    TREEHOUSE__SERVER__PORT: "2",
    TREEHOUSE__SERVER__TRUSTED_PROXIES: '["::1"]',
    TREEHOUSE__METRICS__ENABLED: "false",
    TREEHOUSE__STORAGE__DIRECTORY: "12",
    TREEHOUSE_SCALE: "full",
  };
  const config = loadConfig({ file, variables, overrides: { server: { port: 3 } } });
  expect(config).toMatchObject({
    server: { domain: "example.org", port: 3, trusted_proxies: ["::1"] },
    storage: { directory: "12" },
    log: { level: "warn" },
    metrics: { enabled: false },
  });
  expect(loadConfig({ file, variables }).server.port).toBe(2);
});

test.each([
  ["[server]\nprot = 1", "server.prot is not known. Did you mean port?"],
  ["[sever]\nport = 1", "section [sever] is not known. Did you mean server?"],
  ["colour = 1", "section [colour] is not known. Known: server, tls, storage, "],
  ["server = 1", "server: expected a section [server]."],
  ["[server]\nport = 70000", "server.port: expected a whole number from 0 to 65535, got 70000."],
  ['[server]\ndomain = "A B"', "server.domain: expected a domain name such as example.org"],
  [
    '[registration]\nmode = "all"',
    'registration.mode: expected "invite", "oidc" or "open", got "all".',
  ],
  ["[server\n", "is no TOML: line 1"],
])("%j is refused with the key and what was expected", (toml, message) => {
  expect(refusal(() => loadConfig({ file: written(toml) }))).toContain(message);
});

test.each([
  ['[tls]\ncertificate = "a.pem"', "tls: certificate and key belong together"],
  ['[federation]\nauthentication = "mtls"', 'federation.authentication: "mtls" needs tls.cert'],
  ['[mail]\nsmtp_url = "smtp://127.0.0.1"', "mail: smtp_url and from belong together"],
  ['[mail]\nsmtp_url = "http://127.0.0.1"', "mail.smtp_url: expected a URL such as"],
  ["[federation]\nport = 80", "federation.port: expected 443 or 8448, got 80."],
  [
    '[server]\nhost = "0.0.0.0"\n[federation.development.peers]\n"b.example" = "http://[::1]:1"',
    "server.host is 0.0.0.0; set it to 127.0.0.1, or remove the peers.",
  ],
  [
    '[metrics]\nhost = "10.0.0.1"\n[federation.development.peers]\n"b.example" = "http://[::1]:1"',
    "metrics.host is 10.0.0.1; set it",
  ],
  ...["http://b.example", "http://10.0.0.1", "ftp://[::1]", "http://[::1]/x", "http://u@[::1]"].map(
    (url) => [
      `[federation.development.peers]\n"b.example" = "${url}"`,
      "federation.development: expected a table such as",
    ],
  ),
  ['[federation.development.peers]\n"B" = "http://[::1]:1"', "federation.development: expected a"],
])("H-12 %j is refused, for it would open a way that must stay shut", (toml = "", message = "") => {
  expect(refusal(() => loadConfig({ file: written(toml) }))).toContain(message);
});

test("peers of development are a table in the file and an inline table in a variable", () => {
  const toml = '[federation.development.peers]\n"b.example" = "http://127.0.0.1:4380"';
  const peers = { "b.example": "http://127.0.0.1:4380" };
  const table = { federation: { development: { peers } } };
  expect(loadConfig({ file: written(toml) })).toMatchObject(table);
  const variables = {
    TREEHOUSE__FEDERATION__DEVELOPMENT: '{ peers = { "b.example" = "http://127.0.0.1:4380" } }',
  };
  expect(loadConfig({ file: written(""), variables })).toMatchObject(table);
});

test("a variable that is not known is refused with the one that was meant", () => {
  const variables = { TREEHOUSE__SERVER__PROT: "1" };
  expect(refusal(() => loadConfig({ file: written(""), variables }))).toBe(
    "TREEHOUSE__SERVER__PROT is not known. Did you mean TREEHOUSE__SERVER__PORT?",
  );
});

test("everything that is wrong is said at once; a file that was named must exist", () => {
  const file = written("[server]\nport = true\n[log]\nlevel = 1\n");
  expect(refusal(() => loadConfig({ file })).split("\n")).toHaveLength(2);
  expect(refusal(() => loadConfig({ file: join(directory, "none.toml") }))).toContain(
    "cannot be read",
  );
});

test("secrets are read from files of their own, and a file that is not there is named", () => {
  const secret = `${written("")}.secret`;
  writeFileSync(secret, "p@ss word\n");
  const mail = `[mail]\nsmtp_url = "smtps://me@mail.example"\nfrom = "a@b.example"`;
  const oidc = `[oidc]\nissuer = "https://id.example"\nclient_id = "treehouse"`;
  const file = written(
    `${mail}\npassword_file = "${secret}"\n${oidc}\nclient_secret_file = "${secret}"\n`,
  );
  const config = loadConfig({ file });
  expect(config.mail.smtp_url).toBe("smtps://me:p%40ss%20word@mail.example");
  expect(config.oidc.client_secret).toBe("p@ss word");
  const missing = written(`${mail}\npassword_file = "${secret}.not-there"\n`);
  expect(() => loadConfig({ file: missing })).toThrow(/mail\.password_file: .* cannot be read/);
  const both = written(`${oidc}\nclient_secret = "x"\nclient_secret_file = "${secret}"\n`);
  expect(() => loadConfig({ file: both })).toThrow("not both");
  const alone = written(`[registration]\nmode = "oidc"\n`);
  expect(() => loadConfig({ file: alone })).toThrow("needs oidc.issuer");
  const open = written(`[oidc]\nissuer = "http://id.example"\nclient_id = "x"\n`);
  expect(() => loadConfig({ file: open })).toThrow("oidc.issuer");
});

test("no two settings are explained by the same words", () => {
  const helps = settings.map(({ help }) => help);
  expect(helps.filter((help, at) => help === "" || helps.indexOf(help) !== at)).toEqual([]);
});

test("the written reference is the one that follows from the settings, and its example loads", () => {
  const path = new URL("../../../docs/operating/configuration.md", import.meta.url);
  expect(readFileSync(path, "utf8")).toBe(describeSettings());
  const example = /```toml\n([^`]*)```/.exec(describeSettings())?.[1] ?? "[";
  expect(loadConfig({ file: written(example) })).toEqual(defaultConfig());
});
