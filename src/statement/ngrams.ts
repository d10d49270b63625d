/**
 * Text to n-gram frequencies, in integers: cell = round(2^e count / total), half up, where total is the number of n-grams of that length in the text.
 *
 * Text is normalised first: runs of hyphens become a space, everything but letters, marks and white space is dropped, white space is collapsed, the rest is in
 * lower case between two spaces. Which characters are letters, and their lower case, is taken from the runtime's Unicode tables: for characters newer
 * than those, two runtimes can read a text differently. N-grams count UTF-16 code units.
 */

/** The normalised text, with a space at either end. */
export function normalizeText(text: string): string {
  const letters = text.replace(/-+/g, " ").replace(/[^\p{L}\p{M}\s]/gu, "");
  return ` ${letters
    .replace(/\s{2,}/g, " ")
    .toLowerCase()
    .trim()} `;
}

/**
 * The frequencies of the n-grams of each group, group after group. All n-grams of a group have one length.
 * @returns values in [0, 2^exponent]; a group whose n-grams are longer than the text has zeros
 */
export function ngramFrequencies(text: string, groups: readonly (readonly string[])[], exponent: number): Int32Array {
  const normalized = normalizeText(text);
  const cells: number[] = [];
  for (const group of groups) {
    const length = group[0]?.length ?? 0;
    const total = normalized.length - length + 1;
    const counts = new Map<string, number>();
    for (let i = 0; i < total; i++) {
      const ngram = normalized.slice(i, i + length);
      counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
    }
    for (const ngram of group)
      cells.push(Math.floor((2 * (counts.get(ngram) ?? 0) * 2 ** exponent + Math.max(total, 1)) / (2 * Math.max(total, 1))));
  }
  return Int32Array.from(cells);
}
