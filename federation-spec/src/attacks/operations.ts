import { paths } from "@treehouse/protocol";
import type { World } from "../conformance/world.ts";

export type Operation = {
  readonly method: string;
  readonly path: string;
  /** Whether it says that it needs no session. */
  readonly open: boolean;
};

/** Every operation that the server says it has, in its own document. */
export async function operationsOf({ subject: { clients } }: World): Promise<readonly Operation[]> {
  const answer = await clients.send({
    method: "GET",
    path: paths.openapi(),
    headers: [["host", clients.host]],
  });
  answer.ok("the document of the client API");
  return entriesOf(valueOf(answer.json, "paths")).flatMap(([path, methods]) =>
    entriesOf(methods).map(([method, about]) => ({
      method: method.toUpperCase(),
      path,
      open: valueOf(about, "security") === undefined,
    })),
  );
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
}

function valueOf(value: unknown, name: string): unknown {
  return entriesOf(value).find(([key]) => key === name)?.[1];
}
