/** The part of the origin's private file system that is used here; the compiler knows no browser. */
declare const navigator: {
  readonly storage: {
    getDirectory(): Promise<{
      removeEntry(name: string, options: { readonly recursive: boolean }): Promise<void>;
    }>;
  };
};

/** Does nothing if there is none. */
export async function deleteDirectory(name: string): Promise<void> {
  const root = await navigator.storage.getDirectory();
  try {
    await root.removeEntry(name, { recursive: true });
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "NotFoundError") throw error;
  }
}
