import type { z } from "zod";

import { SdkError } from "../../errors/index.ts";

/** A form, or the one that fits a value. */
export type Form = z.ZodType | ((value: unknown) => z.ZodType);

/**
 * A value in the form in which it is asked for, a copy where it has parts: what its program does with it
 * afterwards changes nothing. Refuses `malformed`, with the path of what is wrong as `field` in the data.
 */
export function checkedInput(name: string, form: Form, value: unknown): unknown {
  const { success, data, error } = (typeof form === "function" ? form(value) : form).safeParse(
    value,
  );
  if (success) return data;
  const { path, message } = foremost(error.issues);
  const field = [name, ...path].map(String).join(".");
  throw new SdkError("malformed", `${field}: ${message}`, {
    help: "Hand over what the types and the documentation of the call say.",
    data: { field },
  });
}

type Wrong = { readonly path: readonly PropertyKey[]; readonly message: string };

/** Of several forms that do not fit, the one that does as far as anything is read tells most. */
function foremost([issue]: readonly z.core.$ZodIssue[]): Wrong {
  const { path = [], message = "Invalid input" } = issue ?? {};
  const within = issue?.code === "invalid_union" ? issue.errors.map(foremost) : [];
  const [deepest] = within.toSorted((a, b) => b.path.length - a.path.length);
  if (deepest === undefined || deepest.path.length === 0) return { path, message };
  return { path: [...path, ...deepest.path], message: deepest.message };
}
