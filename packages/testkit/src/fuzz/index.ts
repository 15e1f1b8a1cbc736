/** Structure-aware fuzzing of everything that reads what others send: `npm run fuzz`. */
export { readCorpus } from "./corpus.ts";
export type { Finding, Report } from "./outcome.ts";
export { runTarget, type RunOptions } from "./run.ts";
export { type Job, runInThread } from "./supervise.ts";
export type { OpenTarget, Target } from "./target.ts";
export { targets } from "./targets/index.ts";
