/** How many octets `sniffedType` wants to see. */
export const sniffedLength = 64;

/**
 * The media type that the first octets show, of those for which there are previews and players;
 * undefined for anything else. A name or a claim counts for nothing here.
 */
export function sniffedType(head: Uint8Array): string | undefined {
  if (begins(head, [0x89, ...ascii("PNG\r\n\u001a\n")])) return "image/png";
  if (begins(head, [0xff, 0xd8, 0xff])) return "image/jpeg";
  if (at(head, 0, "GIF87a") || at(head, 0, "GIF89a")) return "image/gif";
  if (at(head, 0, "RIFF") && at(head, 8, "WEBP")) return "image/webp";
  if (at(head, 0, "RIFF") && at(head, 8, "WAVE")) return "audio/wav";
  if (at(head, 0, "OggS")) return at(head, 28, "\u0080theora") ? "video/ogg" : "audio/ogg";
  if (at(head, 0, "fLaC")) return "audio/flac";
  if (at(head, 0, "ID3") || isMpegFrame(head)) return "audio/mpeg";
  if (begins(head, [0x1a, 0x45, 0xdf, 0xa3])) return matroskaType(head);
  if (at(head, 4, "ftyp")) return brandType(String.fromCharCode(...head.subarray(8, 12)));
  if (at(head, 0, "%PDF-")) return "application/pdf";
  return undefined;
}

function ascii(text: string): readonly number[] {
  return Array.from(text, (one) => one.charCodeAt(0));
}

function begins(head: Uint8Array, octets: readonly number[]): boolean {
  return octets.every((octet, index) => head[index] === octet);
}

function at(head: Uint8Array, offset: number, text: string): boolean {
  return begins(head.subarray(offset), ascii(text));
}

/** A frame of MPEG audio, layer III: its sync, and no value that is reserved. */
function isMpegFrame([first = 0, second = 0, third = 0]: Uint8Array): boolean {
  if (first !== 0xff || (second & 0xe6) !== 0xe2 || (second & 0x18) === 0x08) return false;
  const bitRate = third >> 4;
  return bitRate !== 0 && bitRate !== 15 && (third & 0x0c) !== 0x0c;
}

function matroskaType(head: Uint8Array): string {
  return String.fromCharCode(...head).includes("webm") ? "video/webm" : "video/x-matroska";
}

/** Of an ISO base media file. */
function brandType(brand: string): string {
  if (brand === "avif" || brand === "avis") return "image/avif";
  if (["heic", "heix", "mif1", "msf1", "hevc"].includes(brand)) return "image/heic";
  if (brand.startsWith("M4A") || brand === "M4B ") return "audio/mp4";
  return brand === "qt  " ? "video/quicktime" : "video/mp4";
}
