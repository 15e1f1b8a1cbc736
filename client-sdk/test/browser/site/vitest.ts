/** What a contract suite needs of vitest, in a browser: the build puts it in vitest's place. */
import { chai, JestAsymmetricMatchers, JestChaiExpect, JestExtend } from "@vitest/expect";

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

export const { expect } = chai;

export const collected: { readonly title: string; run(): Promise<void> }[] = [];

export function test(title: string, run: () => Promise<void>): void {
  collected.push({ title, run });
}
