/** What a page and its own worker say to each other; everything else goes over `tabs`. */
export type ToWorker =
  | {
      readonly type: "lead";
      readonly store: string;
      readonly storeKey: Uint8Array | undefined;
    }
  | { readonly type: "close" };

export type FromWorker = { readonly type: "closed" };
