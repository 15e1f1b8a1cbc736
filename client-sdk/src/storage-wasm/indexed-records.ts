/** The part of IndexedDB that is used here; the compiler knows no browser. */
type IdbRequest<T> = {
  result: T;
  error: unknown;
  addEventListener(type: "success" | "error" | "upgradeneeded", listener: () => void): void;
};
type IdbStore = {
  get(key: string): IdbRequest<unknown>;
  put(value: unknown, key: string): IdbRequest<unknown>;
  delete(key: string): IdbRequest<unknown>;
};
type IdbTransaction = {
  objectStore(name: string): IdbStore;
  error: unknown;
  addEventListener(type: "complete" | "abort", listener: () => void): void;
};
type IdbDatabase = {
  createObjectStore(name: string): unknown;
  transaction(
    name: string,
    mode: "readonly" | "readwrite",
    options: { readonly durability: "strict" },
  ): IdbTransaction;
  close(): void;
};
declare const indexedDB: {
  open(name: string, version: number): IdbRequest<IdbDatabase>;
};

const database = "treehouse";
const keys = "store-keys";

/** Records by name in this origin's IndexedDB. */
export class IndexedRecords {
  readonly #database: IdbDatabase;

  private constructor(opened: IdbDatabase) {
    this.#database = opened;
  }

  static async open(): Promise<IndexedRecords> {
    const request = indexedDB.open(database, 1);
    request.addEventListener("upgradeneeded", () => request.result.createObjectStore(keys));
    return new IndexedRecords(await answerOf(request));
  }

  async get(name: string): Promise<unknown> {
    return answerOf(this.#begin("readonly").objectStore(keys).get(name));
  }

  /** Resolves when it is on the disk. */
  async put(name: string, value: unknown): Promise<void> {
    const transaction = this.#begin("readwrite");
    transaction.objectStore(keys).put(value, name);
    await endOf(transaction);
  }

  async delete(name: string): Promise<void> {
    const transaction = this.#begin("readwrite");
    transaction.objectStore(keys).delete(name);
    await endOf(transaction);
  }

  close(): void {
    this.#database.close();
  }

  #begin(mode: "readonly" | "readwrite"): IdbTransaction {
    return this.#database.transaction(keys, mode, { durability: "strict" });
  }
}

function answerOf<T>(request: IdbRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}

function endOf(transaction: IdbTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.addEventListener("complete", () => resolve());
    transaction.addEventListener("abort", () => reject(transaction.error));
  });
}
