/** `server`: what `npm start` runs. `cli`: what `npx treehouse` runs. */
export type Name = "server" | "cli";
export function bundleOf(bundle: Name): string | undefined;
export function currentBundle(bundle: Name, root?: string): string | undefined;
export function makeBundle(bundle: Name, root?: string): Promise<void>;
