import Database from "better-sqlite3";

/** What a database holds, row by row, read beside its server. */
export type Content = ReadonlyMap<string, readonly string[]>;

/**
 * Columns that follow from honest use alone and are written late: how far clients and peers have
 * come, and when somebody was last heard of.
 */
const passing: readonly string[] = [
  "queuing_subscriptions.cursor",
  "queuing_streams.pruned_to",
  "queuing_streams.dropped_to",
  "queuing_streams.due_at",
  "federation_peers.kept",
  "authentication_sessions.used_at",
  "peers_known.inbound_at",
  "peers_known.outbound_at",
];

export function contentOf(path: string): Content {
  const database = new Database(path, { readonly: true });
  try {
    const names = database
      .prepare<[], { name: string }>(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
      )
      .all()
      .map(({ name }) => name);
    return new Map(names.map((name) => [name, rowsOf(database, name)]));
  } finally {
    database.close();
  }
}

function rowsOf(database: Database.Database, table: string): readonly string[] {
  const rows = database
    .prepare<[], Record<string, unknown>>(`SELECT * FROM ${table} ORDER BY rowid`)
    .all();
  return rows.map((row) =>
    JSON.stringify(
      Object.entries(row)
        .filter(([column]) => !passing.includes(`${table}.${column}`))
        .map(([column, value]) => [column, Buffer.isBuffer(value) ? value.toString("hex") : value]),
    ),
  );
}

/** One line for each row that came or went. */
export function differences(before: Content, after: Content): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((table) => {
    const [was, is] = [before, after].map((content) => new Set(content.get(table) ?? []));
    return [
      ...[...(was ?? [])].filter((row) => !is?.has(row)).map((row) => `${table} - ${row}`),
      ...[...(is ?? [])].filter((row) => !was?.has(row)).map((row) => `${table} + ${row}`),
    ];
  });
}
