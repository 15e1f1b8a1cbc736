/** Bounds of what a user keeps of files. `Max` of text counts UTF-16 units. */
export const LIBRARY_LIMITS = {
  nameMax: 255,
  mediaTypeMax: 127,
  linkMax: 1024,
  tagMax: 64,
  tagsMax: 32,
  /** Names of a folder's path. */
  folderDepthMax: 16,
  folderMax: 512,
  /** Files in the library: what the records at the server have room for. */
  filesMax: 5000,
} as const;
