import {
  isRefusalCode,
  MEDIA_TYPE_PROBLEM,
  problemSchema,
  refusalTable,
} from "@treehouse/protocol";
import type { Answer } from "./http/answer.ts";
import type { Monitor } from "./monitor.ts";

/** Judges an answer by what holds for every one; `sent` is what a refusal must not repeat. */
export function judgeAnswer(monitor: Monitor, answer: Answer, sent: readonly string[]): void {
  if (answer.succeeded) return;
  monitor.judge("FED-502", faultOfForm(answer));
  const { code } = answer;
  if (code !== undefined) monitor.judge("FED-501", faultOfCode(answer, code));
  monitor.judge("FED-505", faultOfText(answer, sent));
}

function faultOfForm(answer: Answer): string | undefined {
  const got = `answered ${answer.status}`;
  if (answer.mediaType !== MEDIA_TYPE_PROBLEM) {
    return `${got} as "${answer.mediaType}" and not as ${MEDIA_TYPE_PROBLEM}`;
  }
  const problem = problemSchema.safeParse(answer.json);
  if (!problem.success || answer.code === undefined) return `${got} with another form of problem`;
  const { status, detail, advice, retryAfterMs } = problem.data;
  if (status !== answer.status) return `${got} with the member status ${status}`;
  if (detail === undefined || advice === undefined) return `${got} without detail or advice`;
  const header = answer.headers["retry-after"];
  if (retryAfterMs === undefined) return undefined;
  if (header === undefined) return `${got} with retryAfterMs and without Retry-After`;
  return Number(header) === Math.ceil(retryAfterMs / 1000)
    ? undefined
    : `${got} with retryAfterMs ${retryAfterMs} and Retry-After ${header}`;
}

function faultOfCode(answer: Answer, code: string): string | undefined {
  if (!isRefusalCode(code)) return `answered the unknown code ${code}`;
  const { status, title } = refusalTable[code];
  if (answer.status !== status) return `answered ${code} with the status ${answer.status}`;
  return answer.member("title") === title ? undefined : `answered ${code} with another title`;
}

function faultOfText(answer: Answer, sent: readonly string[]): string | undefined {
  const texts = ["title", "detail", "advice"]
    .map((name) => answer.member(name))
    .filter((text) => typeof text === "string");
  const repeated = sent.find((piece) => texts.some((text) => text.includes(piece)));
  return repeated === undefined
    ? undefined
    : `a text of a refusal repeats what was sent: ${repeated}`;
}
