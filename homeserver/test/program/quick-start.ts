/** What a program gets of the environment of the tests: where Node is, and what it loads faster by. */
export function quickStart(): Record<string, string | undefined> {
  const { PATH, NODE_COMPILE_CACHE, NODE_OPTIONS } = process.env;
  return { PATH, NODE_COMPILE_CACHE, NODE_OPTIONS };
}
