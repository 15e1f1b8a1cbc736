/** An example of what a JSON Schema of the server's document describes. */
export function exampleOf(
  schema: unknown,
  known: Readonly<Record<string, unknown>>,
  name = "",
): unknown {
  const field = (key: string): unknown =>
    typeof schema === "object" && schema !== null ? Reflect.get(schema, key) : undefined;
  if (Object.hasOwn(known, name)) return known[name];
  for (const key of ["anyOf", "oneOf", "allOf"]) {
    const [first] = listOf(field(key));
    if (first !== undefined) return exampleOf(first, known, name);
  }
  const [chosen] = listOf(field("enum"));
  if (chosen !== undefined) return chosen;
  if (field("const") !== undefined) return field("const");
  switch (field("type")) {
    case "object": {
      const properties = field("properties");
      if (typeof properties !== "object" || properties === null) return {};
      return Object.fromEntries(
        Object.entries(properties).map(([key, inner]) => [key, exampleOf(inner, known, key)]),
      );
    }
    case "array":
      return [exampleOf(field("items"), known, name)];
    case "integer":
    case "number":
      return 1;
    case "boolean":
      return true;
    default:
      return "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
