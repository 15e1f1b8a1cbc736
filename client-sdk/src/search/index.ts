/** The language of search, and what is compared: pure, without a store. */
export type { Clock } from "./days.ts";
export { fold } from "./fold.ts";
export { likeness } from "./likeness.ts";
export { findTerms, mayGoOn, type TextRange, type TextTerm } from "./match.ts";
export { piecesOf, wordsOfRun } from "./pieces.ts";
export { type Being, type Having, type Named, parseQuery, type SearchQuery } from "./query.ts";
export { QueryFault, type QueryFaultCode } from "./query-fault.ts";
export { type Snippet, snippetOf } from "./snippet.ts";
export { BEGINNING_MAX, beginningsOf, partsOfRun, partsToFind } from "./terms.ts";
