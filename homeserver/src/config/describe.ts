import { stringify } from "smol-toml";
import { settings, variableOf } from "./settings.ts";

/** The written reference, `docs/operating/configuration.md`; a test keeps the two equal. */
export function describeSettings(): string {
  const sections = [...new Set(settings.map(({ section }) => section))];
  const example = sections.map((section) => {
    const own = settings.filter((setting) => setting.section === section);
    const lines = own.flatMap(({ key, fallback, table }) =>
      table === undefined ? [stringify({ [key]: fallback }).trim()] : [],
    );
    const tables = own.flatMap(({ table }) =>
      table === undefined ? [] : ["", `[${section}.${table}]`],
    );
    return [`[${section}]`, ...lines, ...tables].join("\n");
  });
  const reference = sections.map((section) => {
    const own = settings.filter((setting) => setting.section === section);
    const rows = own.map((setting) =>
      [
        `### \`${setting.table ?? setting.key}\``,
        setting.help,
        `Expected: ${setting.expected}. Variable: \`${variableOf(setting)}\`.`,
      ].join("\n\n"),
    );
    return [`## \`[${section}]\``, ...rows].join("\n\n");
  });
  return `${[introduction, "```toml", example.join("\n\n"), "```", "", reference.join("\n\n")].join("\n")}\n`;
}

const introduction = `# Configuration

A homeserver reads one TOML file: \`treehouse.toml\` in the working directory if there is one, or the
one named with \`--config\`. Everything has a default, so no file is needed at all. A variable of the
environment named \`TREEHOUSE__SECTION__KEY\` overrides the file, and \`--data\` and \`--port\` override
both. Keys that are not known are refused, with the one that was probably meant.

This is the whole file with its defaults:
`;
