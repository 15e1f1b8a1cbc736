import { readFileSync } from "node:fs";
import { getSystemErrorMessage } from "node:util";
import { parse as parseToml, TomlError } from "smol-toml";
import { checkTogether } from "./check-together.ts";
import { readSecrets } from "./read-secrets.ts";
import { settings, settingsSchema, variableOf } from "./settings.ts";
import type { Config, Setting } from "./settings.ts";
import { suggest } from "./suggest.ts";

/** The configuration is not usable. The message names every key and what was expected of it. */
export class ConfigRefused extends Error {
  override readonly name = "ConfigRefused";
}

interface ConfigSources {
  /** A file that must exist. Without it `./treehouse.toml` is read if there is one. */
  readonly file?: string;
  /** Variables named `TREEHOUSE__SECTION__KEY` override the file. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** Values that override everything else, such as those of flags. */
  readonly overrides?: Values;
}

/** Raw values by section and key. */
type Values = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const defaultFile = "./treehouse.toml";
const prefix = "TREEHOUSE__";

/** The configuration of a server about which nothing was said. */
export function defaultConfig(): Config {
  return settingsSchema.parse({});
}

/** Reads file, environment and overrides, in rising order of weight. Throws `ConfigRefused`. */
export function loadConfig({ file, variables = {}, overrides = {} }: ConfigSources): Config {
  const problems: string[] = [];
  const values = new Map<string, unknown>();
  for (const [section, fields] of Object.entries(readToml(file, problems))) {
    takeSection(section, fields, values, problems);
  }
  for (const [variable, text] of Object.entries(variables)) {
    if (variable.startsWith(prefix) && text !== undefined) {
      takeVariable(variable, text, values, problems);
    }
  }
  for (const [section, fields] of Object.entries(overrides)) {
    takeSection(section, fields, values, problems);
  }
  for (const setting of settings) check(setting, values.get(nameOf(setting)), problems);
  if (problems.length > 0) throw new ConfigRefused(problems.join("\n"));
  const sections: Record<string, Record<string, unknown>> = {};
  for (const setting of settings) {
    (sections[setting.section] ??= {})[setting.key] = values.get(nameOf(setting));
  }
  const config = settingsSchema.parse(sections);
  const together = checkTogether(config);
  if (together.length > 0) throw new ConfigRefused(together.join("\n"));
  const complete = readSecrets(config, problems);
  if (problems.length > 0) throw new ConfigRefused(problems.join("\n"));
  return complete;
}

function readToml(file: string | undefined, problems: string[]): Record<string, unknown> {
  const path = file ?? defaultFile;
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (file === undefined && missing) return {};
    const errno = error instanceof Error && "errno" in error ? error.errno : undefined;
    const why = typeof errno === "number" ? `: ${getSystemErrorMessage(errno)}` : "";
    problems.push(`${path} cannot be read${why}.`);
    return {};
  }
  try {
    return parseToml(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    problems.push(`${path} is no TOML: line ${error.line}, column ${error.column}.`);
    return {};
  }
}

function takeSection(
  section: string,
  fields: unknown,
  values: Map<string, unknown>,
  problems: string[],
): void {
  const own = settings.filter((setting) => setting.section === section);
  if (own.length === 0) {
    problems.push(unknown(`section [${section}]`, section, sectionNames()));
    return;
  }
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) {
    problems.push(`${section}: expected a section [${section}].`);
    return;
  }
  for (const [key, value] of Object.entries(fields)) {
    const setting = own.find((candidate) => candidate.key === key);
    if (setting !== undefined) values.set(nameOf(setting), value);
    else
      problems.push(
        unknown(
          `${section}.${key}`,
          key,
          own.map((one) => one.key),
        ),
      );
  }
}

/** A text that the setting takes as it is stays text; otherwise it is read as a TOML value. */
function takeVariable(
  variable: string,
  text: string,
  values: Map<string, unknown>,
  problems: string[],
): void {
  const setting = settings.find((candidate) => variableOf(candidate) === variable);
  if (setting === undefined) {
    problems.push(unknown(variable, variable, settings.map(variableOf)));
    return;
  }
  values.set(nameOf(setting), setting.schema.safeParse(text).success ? text : tomlValue(text));
}

function tomlValue(text: string): unknown {
  try {
    return parseToml(`value = ${text}`)["value"];
  } catch {
    return text;
  }
}

function check(setting: Setting, value: unknown, problems: string[]): void {
  if (setting.schema.safeParse(value).success) return;
  const given = JSON.stringify(value)?.slice(0, 60) ?? "nothing";
  problems.push(`${nameOf(setting)}: expected ${setting.expected}, got ${given}.`);
}

function unknown(what: string, word: string, known: readonly string[]): string {
  const meant = suggest(word, known);
  const hint = meant === undefined ? `Known: ${known.join(", ")}.` : `Did you mean ${meant}?`;
  return `${what} is not known. ${hint}`;
}

function sectionNames(): readonly string[] {
  return [...new Set(settings.map(({ section }) => section))];
}

function nameOf({ section, key }: Setting): string {
  return `${section}.${key}`;
}
