import { parseDomain, Refusal } from "@treehouse/protocol";
import type { Domain } from "@treehouse/protocol";
import type { RuleSubject } from "./store.ts";

/** "malformed" unless it is a domain, or `*.` before one. */
export function parseRuleSubject(text: string): RuleSubject {
  if (!text.startsWith("*.")) return parseDomain(text);
  const domain = parseDomain(text.slice(2));
  return `*.${domain}`;
}

/** The subjects under which a domain can stand, the most exact first. */
export function subjectsOf(domain: Domain): readonly RuleSubject[] {
  const subjects: RuleSubject[] = [domain];
  let rest: string = domain;
  for (;;) {
    const dot = rest.indexOf(".");
    if (dot < 0) return subjects;
    rest = rest.slice(dot + 1);
    subjects.push(parseRuleSubject(`*.${rest}`));
  }
}

/** The domain itself; "malformed" for a subject that stands for many. */
export function onlyDomain(subject: RuleSubject): Domain {
  if (subject.startsWith("*.")) throw new Refusal("malformed", "One server is meant here.");
  return parseDomain(subject);
}
