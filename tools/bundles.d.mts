/** What `npm start` runs, what `npx treehouse` runs, and the server that is measured. */
export type Name = "server" | "cli" | "bench";
export function bundleOf(bundle: Name): string | undefined;
export function currentBundle(bundle: Name, root?: string): string | undefined;
export function makeBundle(bundle: Name, root?: string): Promise<void>;
