import type { Message } from "@treehouse/client-sdk";

import { CliFailure, EXIT } from "../failure.ts";

const qualifiers: Readonly<Record<string, (message: Message, self: string) => boolean>> = {
  mention: ({ mentions }, self) => mentions.includes(self),
  reply: ({ inReplyTo }) => inReplyTo !== undefined,
  thread: ({ topic }) => topic !== undefined,
  markdown: ({ format }) => format === "markdown",
  edited: ({ editedAt }) => editedAt !== undefined,
};

/** `text,file:reply`: of one of the types, with what stands behind it; `any` is each type. */
export function typeFilter(wanted: string, self: string): (message: Message) => boolean {
  const filters = wanted.split(",").map((one) => {
    const [type = "", ...rest] = one.trim().split(":");
    if (type === "") throw malformed(`"${wanted}" is no list of types such as text,file:reply`);
    const tests = rest.map((name) => {
      const test = qualifiers[name];
      if (test !== undefined && Object.hasOwn(qualifiers, name)) return test;
      const known = Object.keys(qualifiers).join(", ");
      throw malformed(`"${name}" is nothing behind a type: there are ${known}`);
    });
    return { type, tests };
  });
  return (message) =>
    filters.some(
      ({ type, tests }) =>
        (type === "any" || type === message.type) && tests.every((test) => test(message, self)),
    );
}

function malformed(text: string): CliFailure {
  return new CliFailure(EXIT.usage, "malformed", text);
}
