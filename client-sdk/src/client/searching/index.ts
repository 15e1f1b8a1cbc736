/** Messages found by their words, and the index of these that is kept. */
export { type Indexing, sliceMessages, startIndexing } from "./indexing.ts";
export { search, type SearchHit, type SearchOptions, type SearchResult } from "./search.ts";
