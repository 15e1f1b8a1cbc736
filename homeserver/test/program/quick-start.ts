/** What a program gets of the environment of the tests: where Node is, what it loads faster by, a bug. */
export function quickStart(): Record<string, string | undefined> {
  const { PATH, NODE_COMPILE_CACHE, NODE_OPTIONS, TREEHOUSE_TORTURE_CONTROL } = process.env;
  return { PATH, NODE_COMPILE_CACHE, NODE_OPTIONS, TREEHOUSE_TORTURE_CONTROL };
}
