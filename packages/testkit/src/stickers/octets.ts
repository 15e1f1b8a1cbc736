export type Octets = Uint8Array<ArrayBuffer>;

export function joined(...parts: readonly Uint8Array[]): Octets {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A number in so many octets, the highest first. */
export function big(value: number, length: number): Octets {
  return little(value, length).toReversed();
}

/** The same, the lowest first. */
export function little(value: number, length: number): Octets {
  return Uint8Array.from({ length }, (_, index) => Math.floor(value / 256 ** index) % 256);
}

export function ascii(text: string): Octets {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
