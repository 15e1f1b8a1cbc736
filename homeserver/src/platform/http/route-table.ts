import { Refusal } from "@treehouse/protocol";
import { Assertion } from "../assertion.ts";
import type { Route } from "./route.ts";

export interface Match {
  readonly route: Route;
  readonly params: ReadonlyMap<string, string>;
}

/** Finds the route of a request. */
export interface RouteTable {
  find(method: string, path: string): Match | undefined;
  /** The methods that a path has; none if there is nothing at this path. */
  methods(path: string): readonly string[];
}

interface Compiled {
  readonly route: Route;
  readonly segments: readonly string[];
}

export function createRouteTable(routes: readonly Route[]): RouteTable {
  const bySize = new Map<number, Compiled[]>();
  const seen = new Set<string>();
  for (const route of routes) {
    const key = `${route.method} ${route.path}`;
    if (seen.has(key)) throw new Assertion(`Two routes are declared for ${key}.`);
    seen.add(key);
    const segments = route.path.split("/");
    const same = bySize.get(segments.length) ?? [];
    same.push({ route, segments });
    bySize.set(segments.length, same);
  }

  function candidates(parts: readonly string[]): readonly Compiled[] {
    return bySize.get(parts.length)?.filter(({ segments }) => fits(segments, parts)) ?? [];
  }

  return {
    find(method, path) {
      const parts = path.split("/");
      // HEAD is GET without its body (RFC 9110 §9.3.2), which Node leaves out by itself.
      const wanted = method === "HEAD" ? "GET" : method;
      const hit = bySize
        .get(parts.length)
        ?.find(({ route, segments }) => route.method === wanted && fits(segments, parts));
      return hit && { route: hit.route, params: paramsOf(hit.segments, parts) };
    },
    methods: (path) => candidates(path.split("/")).map(({ route }) => route.method),
  };
}

/** From the end, where paths differ soonest. */
function fits(segments: readonly string[], parts: readonly string[]): boolean {
  for (let index = segments.length - 1; index >= 0; index -= 1) {
    const segment = segments[index] ?? "";
    if (segment !== parts[index] && !segment.startsWith("{")) return false;
  }
  return true;
}

function paramsOf(segments: readonly string[], parts: readonly string[]): Map<string, string> {
  const params = new Map<string, string>();
  for (const [index, segment] of segments.entries()) {
    if (segment.startsWith("{")) params.set(segment.slice(1, -1), decode(parts[index] ?? ""));
  }
  return params;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    throw new Refusal("malformed", "The path is not percent-encoded UTF-8.", {}, { cause: error });
  }
}
