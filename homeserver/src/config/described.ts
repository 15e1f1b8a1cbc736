import { z } from "zod";

/** What the operator reads about a setting, in errors and in the written reference. */
export interface About {
  /** Completes "expected …". */
  readonly expected: string;
  readonly help: string;
  /** The name under which the file has a setting that is a table. */
  readonly table?: string;
}

export const about = z.registry<About>();
export const described = <S extends z.ZodType>(
  schema: S,
  expected: string,
  help: string,
  table?: string,
): S => {
  about.add(schema, { expected, help, ...(table === undefined ? {} : { table }) });
  return schema;
};

/** A file, or nothing. A new schema for each: the registry tells settings apart by identity. */
export const path = () => z.string().default("");
