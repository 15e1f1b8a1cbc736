/**
 * Answers again what it has computed lately, up to twice `count` answers. Of two generations the older
 * goes when the younger is full, which keeps what is asked often without any bookkeeping. What throws
 * is not remembered. `compute` must answer the same for the same text.
 */
export function remembering<K extends string, T extends string | object>(
  count: number,
  compute: (text: K) => T,
): (text: K) => T {
  let young = new Map<K, T>();
  let old = new Map<K, T>();
  return (text) => {
    const known = young.get(text);
    if (known !== undefined) return known;
    const value = old.get(text) ?? compute(text);
    if (young.size >= count) {
      old = young;
      young = new Map();
    }
    young.set(text, value);
    return value;
  };
}
