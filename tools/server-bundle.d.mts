export function currentBundle(root?: string): string | undefined;
export function makeBundle(root?: string): Promise<void>;
