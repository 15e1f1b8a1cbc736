/** `node tools/policy-table.ts` writes the tables of `docs/policy.md`, as the policy engine decides. */
import { readFileSync, writeFileSync } from "node:fs";
import { capabilityTable, decisionTables } from "../federation-spec/src/policy/index.ts";

const page = "docs/policy.md";

/** The page as it should be; what is not generated stays as it is. */
export function renderPolicyPage(): string {
  return [
    ["capabilities", capabilityTable()],
    ["decisions", decisionTables()],
  ].reduce(
    (text, [name = "", table = ""]) =>
      text.replace(
        new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*(<!-- end of ${name} -->)`),
        (_whole, start: string, end: string) => `${start}\n${table}\n${end}`,
      ),
    readFileSync(page, "utf8"),
  );
}

if (import.meta.main) writeFileSync(page, renderPolicyPage());
