import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  watch,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseDomain } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  createLeftovers,
  makeBackup,
  parseKeyFile,
  restoreBackup,
  verifyBackup,
} from "../../src/backup/index.ts";
import { migrations } from "../../src/migrations.ts";
import { createNodeEnv } from "../../src/platform/index.ts";
import { runProgram } from "../program/run.ts";
import { startProgram } from "../program/start.ts";
import type { Program } from "../program/start.ts";

const secret = parseKeyFile("5a".repeat(32));
const domain = parseDomain("example.org");
const variables = { TREEHOUSE__SERVER__DOMAIN: domain };
const env = createNodeEnv({ log: { level: "silent" } });

let directory = "";
let server: Program;
/** A backup of it, for whoever only wants one. */
let good: Awaited<ReturnType<typeof makeBackup>>;
const data = () => join(directory, "data");
const path = (name: string) => join(directory, name);

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "treehouse-backup-"));
  writeFileSync(path("key"), "5a".repeat(32));
  server = await startProgram(["--data", data()], variables);
  good = await backUp();
});
afterAll(async () => {
  server.signal("SIGKILL");
  await server.ended;
  rmSync(directory, { recursive: true });
});

let made = 0;
const common = () => ({ secret, migrations, leftovers: createLeftovers() });

/** A backup of the server that runs, made in this process. */
function backUp(to = path(`backup-${(made += 1)}`), from = data(), temporary?: string) {
  const more = { domain, software: "0.1.0", temporary };
  return makeBackup({ ...common(), env, directory: from, to, ...more });
}

function restore(from: string, into: string, more: object = {}) {
  const options = { ...common(), path: from, directory: into, domain, dryRun: false };
  return restoreBackup({ ...options, ...more });
}

test("T-37 a backup of a running server holds database and secrets, and nothing of it is in the open", async () => {
  const folder = path("backups");
  mkdirSync(folder);
  const { path: file, manifest, bytes } = await backUp(folder);
  expect(file).toMatch(/backups\/example\.org-\d{4}-\d\d-\d\dT\d{6}Z\.thbackup$/);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(file).size).toBe(bytes);
  expect(manifest.files.map(({ name }) => name)).toEqual([
    "database",
    ...readdirSync(join(data(), "secrets")).map((name) => `secrets/${name}`),
    "secrets/sealing-keys",
  ]);
  expect(Object.keys(manifest.schema).toSorted()).toEqual(
    migrations.map(({ module }) => module.replaceAll("-", "_")).toSorted(),
  );
  const sealed = readFileSync(file);
  for (const name of readdirSync(join(data(), "secrets"))) {
    expect(sealed.includes(readFileSync(join(data(), "secrets", name)))).toBe(false);
  }
  expect(sealed.includes("SQLite format 3")).toBe(false);
  expect(readdirSync(folder)).toHaveLength(1);
  expect(readdirSync(data())).not.toContain("backup-work");
});

test("a restore gives back every file, octet for octet, and the server says that it was set back", async () => {
  const { path: file, manifest } = good;
  const into = path("restored");
  expect(await restore(file, into)).toEqual(manifest);
  for (const name of readdirSync(join(data(), "secrets"))) {
    expect(readFileSync(join(into, "secrets", name))).toEqual(
      readFileSync(join(data(), "secrets", name)),
    );
  }
  expect(statSync(into).mode & 0o777).toBe(0o700);
  expect(statSync(join(into, "treehouse.sqlite")).mode & 0o777).toBe(0o600);
  const started = await startProgram(["--data", into], variables);
  expect(started.url).toBeDefined();
  started.signal("SIGTERM");
  expect(await started.ended).toBe(0);
  expect(started.stderr()).toContain('"msg":"dataRestored"');
  // The sealing keys went on to where they belong: out of the data directory.
  expect(readFileSync(`${into}.sealing-keys`)).toEqual(readFileSync(`${data()}.sealing-keys`));
  expect(readdirSync(join(into, "secrets"))).not.toContain("sealing-keys");
  const again = await startProgram(["--data", into], variables);
  again.signal("SIGTERM");
  await again.ended;
  expect(again.stderr()).not.toContain("dataRestored");
});

test("T-37 every wrong way to restore is refused with what to do, and changes nothing", async () => {
  const { path: file } = good;
  await expect(restore(file, data())).rejects.toThrow(/A server.*works in.*Stop it/);
  const full = path("full");
  mkdirSync(full);
  writeFileSync(join(full, "something"), "");
  await expect(restore(file, full)).rejects.toThrow(/not empty.*move that folder away/);
  expect(readdirSync(full)).toEqual(["something"]);
  const into = path("never");
  const other = { domain: parseDomain("other.example") };
  await expect(restore(file, into, other)).rejects.toThrow(/belongs to the domain example\.org/);
  const wrong = { secret: parseKeyFile("5b".repeat(32)) };
  await expect(restore(file, into, wrong)).rejects.toThrow(/This key does not open the backup/);
  const words = { secret: { kind: "passphrase", passphrase: "four random words" } };
  await expect(restore(file, into, words)).rejects.toThrow(/--key-file/);
  await expect(restore(path("none"), into)).rejects.toThrow(/cannot be read/);
  const [, ...older] = migrations;
  await expect(restore(file, into, { migrations: older })).rejects.toThrow(
    /made by release 0\.1\.0.*or a later one/,
  );
  const cut = path("cut");
  writeFileSync(cut, readFileSync(file).subarray(0, -65_552));
  await expect(restore(cut, into)).rejects.toThrow(/damaged or not complete.*another copy/);
  const altered = path("altered");
  const octets = readFileSync(file);
  octets.writeUInt8(octets.readUInt8(500_000) ^ 1, 500_000);
  writeFileSync(altered, octets);
  await expect(restore(altered, into)).rejects.toThrow(/damaged or not complete/);
  await expect(restore(altered, join(into, "deep"))).rejects.toThrow(/damaged or not complete/);
  expect(existsSync(into)).toBe(false);
  mkdirSync(into);
  await expect(restore(altered, into)).rejects.toThrow(/damaged or not complete/);
  expect(readdirSync(into)).toEqual([]);
  await restore(file, into);
});

test("a dry run checks everything, also whether it could be put there, and writes nothing", async () => {
  const { path: file, manifest } = good;
  const into = path("dry");
  expect(await restore(file, into, { dryRun: true })).toEqual(manifest);
  expect(existsSync(into)).toBe(false);
  await expect(restore(file, data(), { dryRun: true })).rejects.toThrow(/A server/);
  const other = { domain: parseDomain("other.example"), dryRun: true };
  await expect(restore(file, into, other)).rejects.toThrow(/belongs to the domain/);
});

test("a backup never replaces a file, and is not made of what is no server's data", async () => {
  const { path: file } = good;
  await expect(backUp(file)).rejects.toThrow(/exists already/);
  await expect(backUp(path("no/such/folder"))).rejects.toThrow(/no folder/);
  await expect(backUp(undefined, path("empty"))).rejects.toThrow(/no data of a server/);
  const elsewhere = { ...common(), env, directory: data(), to: path("x"), software: "0.1.0" };
  await expect(makeBackup({ ...elsewhere, domain: parseDomain("other.example") })).rejects.toThrow(
    /belong to the domain example\.org/,
  );
  const [first, second] = await Promise.allSettled([backUp(), backUp()]);
  expect([first.status, second.status].toSorted()).toEqual(["fulfilled", "rejected"]);
  const refused = first.status === "rejected" ? first : second;
  expect(refused).toMatchObject({ reason: { message: expect.stringContaining("Another backup") } });
});

test("T-37 backups of two servers share a folder for unsealed copies without meeting in it", async () => {
  const second = path("second");
  await restore(good.path, second);
  const temporary = path("temporary");
  // Somebody else's, under the name that is used in a data directory.
  mkdirSync(join(temporary, "backup-work"), { recursive: true });
  writeFileSync(join(temporary, "backup-work", "theirs"), "");
  await Promise.all([
    backUp(path("of-one"), data(), temporary),
    backUp(path("of-other"), second, temporary),
  ]);
  expect(readdirSync(temporary)).toEqual(["backup-work"]);
  expect(readdirSync(join(temporary, "backup-work"))).toEqual(["theirs"]);
  expect(readdirSync(data())).not.toContain("backup-work");
  const none = path("no-temporary");
  await expect(backUp(undefined, data(), none)).rejects.toThrow(/no folder .*Make it first/);
  const checked = verifyBackup({ ...common(), path: good.path, temporary: none });
  await expect(checked).rejects.toThrow(/no folder .*Make it first/);
});

test("a database that is damaged is not passed off as a backup", async () => {
  const broken = path("broken");
  await restore(good.path, broken);
  // Some of its pages, as a disk that fails gives them back.
  const file = openSync(join(broken, "treehouse.sqlite"), "r+");
  writeSync(file, Buffer.alloc(20 * 4096, 0x5a), 0, undefined, 10 * 4096);
  closeSync(file);
  const names = readdirSync(directory);
  await expect(backUp(undefined, broken)).rejects.toThrow(/cannot be read: .*malformed/);
  expect(readdirSync(directory)).toEqual(names);
});

test("a backup that is killed leaves no file of that name, and the next one clears what it left", async () => {
  const to = path("killed");
  const args = ["backup", to, "--data", data(), "--key-file", path("key")];
  const killed = await runProgram(args, {
    variables,
    started(child) {
      const watcher = watch(data(), (_event, name) => {
        if (name !== "backup-work") return;
        watcher.close();
        child.kill("SIGKILL");
      });
    },
  });
  expect(killed.code).toBe("SIGKILL");
  expect(existsSync(to)).toBe(false);
  expect(readdirSync(data())).toContain("backup-work");
  const { path: file } = await backUp();
  expect(readdirSync(data())).not.toContain("backup-work");
  await verifyBackup({ ...common(), path: file });
});

test("a backup that is interrupted takes its unsealed copies with it", async () => {
  const args = ["backup", path("interrupted"), "--data", data(), "--key-file", path("key")];
  const interrupted = await runProgram(args, {
    variables,
    started(child) {
      const watcher = watch(data(), (_event, name) => {
        if (name !== "backup-work") return;
        watcher.close();
        child.kill("SIGINT");
      });
    },
  });
  expect(interrupted.code).toBe(130);
  expect(readdirSync(data())).not.toContain("backup-work");
  expect(readdirSync(directory).filter((name) => name.startsWith("interrupted"))).toEqual([]);
});

test("a server does not start over a restore that was cut off", async () => {
  const { path: file } = good;
  const into = path("cut-off");
  await restore(file, into);
  mkdirSync(join(into, "restoring"));
  renameSync(join(into, "treehouse.sqlite"), join(into, "restoring", "treehouse.sqlite"));
  const started = await startProgram(["--data", into], variables);
  expect(await started.ended).toBe(1);
  expect(started.stderr()).toContain("was cut off. Empty that folder, and restore again.");
  await expect(restore(file, into)).rejects.toThrow(/was cut off/);
});

test("the passphrase comes from the environment or the standard input, and never from an argument", async () => {
  const passphrase = "four random words here";
  const to = path("by-words");
  const given = { ...variables, TREEHOUSE_BACKUP_PASSPHRASE: passphrase };
  const args = ["--data", data()];
  const backup = await runProgram(["backup", to, ...args], { variables: given });
  expect(backup).toMatchObject({ code: 0, stderr: "" });
  const verify = await runProgram(["verify", to, "--passphrase-stdin"], {
    input: `${passphrase}\n`,
  });
  expect(verify).toMatchObject({ code: 0, stderr: "" });
  const asked = await runProgram(["verify", to]);
  expect(asked).toMatchObject({ code: 1, stderr: expect.stringContaining("no terminal to ask") });
  const argued = await runProgram(["verify", to, "--passphrase", passphrase]);
  expect(argued.code).toBe(1);
  const help = await runProgram(["backup", "--help"]);
  expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining("--key-file") });
});

test("Q12 a copy that somebody makes of the unpacked database alone still says what it is", async () => {
  const { path: file } = good;
  const into = path("taken-from");
  await restore(file, into);
  const other = path("put-by-hand");
  mkdirSync(join(other, "secrets"), { recursive: true });
  copyFileSync(join(into, "treehouse.sqlite"), join(other, "treehouse.sqlite"));
  for (const name of readdirSync(join(into, "secrets"))) {
    copyFileSync(join(into, "secrets", name), join(other, "secrets", name));
  }
  const started = await startProgram(["--data", other], variables);
  started.signal("SIGTERM");
  await started.ended;
  expect(started.stderr()).toContain('"msg":"dataRestored"');
});
