import { paths } from "@treehouse/protocol";
import type { World } from "../conformance/world.ts";

export type Operation = {
  readonly method: string;
  readonly path: string;
  /** Whether it says that it needs no session. */
  readonly open: boolean;
  /** Of its body, if it takes one. */
  readonly mediaType: string | undefined;
};

/** Every operation that the server says it has, in its own document. */
export async function operationsOf({ subject: { clients } }: World): Promise<readonly Operation[]> {
  const answer = await clients.send({
    method: "GET",
    path: paths.openapi(),
    headers: [["host", clients.host]],
  });
  answer.ok("the document of the client API");
  return operationsIn(answer.json);
}

/** Every operation of a document in the form of OpenAPI. */
export function operationsIn(document: unknown): readonly Operation[] {
  return entriesOf(valueOf(document, "paths")).flatMap(([path, methods]) =>
    entriesOf(methods).map(([method, about]) => {
      const content = valueOf(valueOf(about, "requestBody"), "content");
      return {
        method: method.toUpperCase(),
        path,
        open: valueOf(about, "security") === undefined,
        mediaType: entriesOf(content)[0]?.[0],
      };
    }),
  );
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
}

function valueOf(value: unknown, name: string): unknown {
  return entriesOf(value).find(([key]) => key === name)?.[1];
}
