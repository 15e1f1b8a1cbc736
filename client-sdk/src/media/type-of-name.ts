/** What programs do with octets that they know nothing about. */
const anyOctets = "application/octet-stream";

/** For files of which the octets tell nothing; pictures, recordings and films are known by theirs. */
const types: Readonly<Record<string, string>> = {
  csv: "text/csv",
  css: "text/css",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  epub: "application/epub+zip",
  gz: "application/gzip",
  htm: "text/html",
  html: "text/html",
  ics: "text/calendar",
  js: "text/javascript",
  json: "application/json",
  md: "text/markdown",
  odp: "application/vnd.oasis.opendocument.presentation",
  ods: "application/vnd.oasis.opendocument.spreadsheet",
  odt: "application/vnd.oasis.opendocument.text",
  pptx: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
  svg: "image/svg+xml",
  tar: "application/x-tar",
  toml: "application/toml",
  txt: "text/plain",
  vcf: "text/vcard",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  xml: "application/xml",
  yaml: "application/yaml",
  zip: "application/zip",
};

/** By the ending of a name. */
export function typeOfName(name: string): string {
  const [, ending = ""] = /\.([A-Za-z0-9]{1,8})$/.exec(name) ?? [];
  const key = ending.toLowerCase();
  return Object.hasOwn(types, key) ? (types[key] ?? anyOctets) : anyOctets;
}
