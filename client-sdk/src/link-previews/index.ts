/**
 * Previews of links, made by whoever sends them: in Node alone, and only when the program asks for
 * it, because the page's server sees the address of who asks.
 */
export { fetchLinkPreview, type PreviewOptions } from "./fetch-link-preview.ts";
