import type {
  Client,
  NotificationChange,
  NotificationLevel,
  NotificationRules,
} from "@treehouse/client-sdk";
import { z } from "zod";

import { CliFailure, EXIT } from "../failure.ts";
import type { Cli } from "./cli.ts";
import { withBriefClient, withCaughtUpClient } from "./cli.ts";
import { durationOf } from "./organisation.ts";

/** `treehouse notify`: when one is told of messages, on all of one's clients. */
export function addNotifyCommands(cli: Cli): void {
  const noun = cli.program.command("notify").description("when you are told of messages");
  noun
    .command("rules")
    .description("show the rules")
    .action(async () => {
      await withBriefClient(cli, async (client) => show(cli, await client.notifications.rules()), {
        offline: true,
      });
    });
  noun
    .command("set")
    .description("change the rules; a level is all, mentions or none")
    .option("--groups <level>", "for conversations of several")
    .option("--direct <level>", "for conversations of two")
    .option("--in <conversation>", "the one that --level is for")
    .option("--level <level>", "for this conversation; default: as the others")
    .option("--add-keyword <words...>", "told like a mention")
    .option("--remove-keyword <words...>")
    .option(
      "--add-quiet <hours>",
      "as mon,tue 22:00-07:00 Europe/Rome; days and zone may be left out",
    )
    .option("--remove-quiet <ids...>")
    .option("--quiet-mentions <on|off>", "in quiet hours, mentions are told aloud")
    .option("--pause <time>", "nothing aloud for so long: 90m, 8h; 0 ends it")
    .action(async (options: Options) => {
      const change = changeOf(options);
      await withCaughtUpClient(cli, async (client) => {
        await setLevel(client, options);
        show(cli, await client.notifications.set(change));
      });
    });
  noun
    .command("test")
    .description("say what the rules make of a message; nothing is sent")
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .argument("<text>")
    .option("--from <address>", "who would send it")
    .option("--mention", "it names you")
    .option("--at <time>", "at another time: 2026-01-31T23:00Z")
    .action(
      async (
        reference: string,
        text: string,
        options: { from?: string; mention?: boolean; at?: string },
      ) => {
        const at = options.at === undefined ? undefined : momentOf(options.at);
        await withBriefClient(
          cli,
          async (client) => {
            const { id: conversation } = await client.conversations.get(reference);
            const message = { conversation, text, mention: options.mention === true };
            const sender = options.from === undefined ? {} : { sender: options.from };
            const verdict = await client.notifications.judge({ ...message, ...sender }, at);
            cli.output().result(verdict, `${verdict.level} (${verdict.reason})`);
          },
          { offline: true },
        );
      },
    );
}

type Options = {
  groups?: string;
  direct?: string;
  in?: string;
  level?: string;
  addKeyword?: string[];
  removeKeyword?: string[];
  addQuiet?: string;
  removeQuiet?: string[];
  quietMentions?: string;
  pause?: string;
};

function changeOf(options: Options): NotificationChange {
  const { groups, direct, addKeyword, removeKeyword, addQuiet, removeQuiet } = options;
  const { quietMentions, pause } = options;
  return {
    ...(groups === undefined ? {} : { groups: levelOf(groups) }),
    ...(direct === undefined ? {} : { direct: levelOf(direct) }),
    ...(addKeyword === undefined ? {} : { addKeywords: addKeyword }),
    ...(removeKeyword === undefined ? {} : { removeKeywords: removeKeyword }),
    ...(addQuiet === undefined ? {} : { addQuiet: [quietOf(addQuiet)] }),
    ...(removeQuiet === undefined ? {} : { removeQuiet }),
    ...(quietMentions === undefined ? {} : { quietMentions: switchOf(quietMentions) }),
    ...(pause === undefined
      ? {}
      : { pausedUntil: pause === "0" ? null : Date.now() + durationOf(pause) }),
  };
}

async function setLevel(client: Client, { in: reference, level }: Options): Promise<void> {
  if (reference === undefined && level === undefined) return;
  if (reference === undefined || level === undefined) {
    throw malformed("--in and --level belong together");
  }
  const chosen = level === "default" ? null : levelOf(level);
  await client.notifications.setLevel((await client.conversations.get(reference)).id, chosen);
}

const levels = z.enum(["all", "mentions", "none"]);

function levelOf(text: string): NotificationLevel {
  const level = levels.safeParse(text).data;
  if (level !== undefined) return level;
  throw malformed(`"${text}" is none of all, mentions and none`);
}

function switchOf(text: string): boolean {
  if (text === "on" || text === "off") return text === "on";
  throw malformed(`"${text}" is neither on nor off`);
}

const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

function quietOf(text: string) {
  const form = /^(?:([a-z,]+) )?(\d\d:\d\d)-(\d\d:\d\d)(?: (\S+))?$/;
  const [, named, from, to, zone] = form.exec(text) ?? [];
  const days = named === undefined ? [0, 1, 2, 3, 4, 5, 6] : named.split(",").map(dayOf);
  if (from === undefined || to === undefined) {
    throw malformed(`"${text}" are no hours such as mon,tue 22:00-07:00 Europe/Rome`);
  }
  const own = new Intl.DateTimeFormat("en").resolvedOptions().timeZone;
  return { days, from, to, timeZone: zone ?? own };
}

function dayOf(name: string): number {
  const day = weekdays.indexOf(name);
  if (day !== -1) return day;
  throw malformed(`"${name}" is no day: there are ${weekdays.join(", ")}`);
}

function momentOf(text: string): number {
  const at = Date.parse(text);
  if (!Number.isNaN(at)) return at;
  throw malformed(`"${text}" is no time such as 2026-01-31T23:00Z`);
}

function malformed(text: string): CliFailure {
  return new CliFailure(EXIT.usage, "malformed", text);
}

function show(cli: Cli, rules: NotificationRules): void {
  const { groups, direct, rooms, keywords, quiet, quietMentions, pausedUntil } = rules;
  const lines = [
    `groups: ${groups}`,
    `direct: ${direct}`,
    ...Object.entries(rooms).map(([room, { level, muted }]) => {
      const until = typeof muted === "number" ? ` until ${new Date(muted).toISOString()}` : "";
      return `${room}: ${level ?? "as the others"}${muted === undefined ? "" : `, muted${until}`}`;
    }),
    ...keywords.map((keyword) => `keyword: ${keyword}`),
    ...quiet.map(({ id, days, from, to, timeZone }) => {
      const named = days.map((day) => weekdays[day] ?? "").join(",");
      return `quiet ${id}: ${named} ${from}-${to} ${timeZone}`;
    }),
    `mentions in quiet hours: ${quietMentions ? "aloud" : "silent"}`,
    ...(pausedUntil === undefined ? [] : [`paused until ${new Date(pausedUntil).toISOString()}`]),
  ];
  cli.output().result({ ...rules, pausedUntil: pausedUntil ?? null }, lines);
}
