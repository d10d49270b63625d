/** Message tags (SPEC §5.1; 32 is that of `hashBytes`). Every absorbed message carries one, so equal words in different roles differ. */
export const TAGS = {
  grind: 1,
  keyDigest: 16,
  statement: 3,
  publicColumn: 4,
  witnessRoot: 5,
  incomingRoot: 17,
  outgoingRoot: 18,
  lookupRound: 6,
  lookupValues: 7,
  lookupEvaluations: 8,
  constantEvaluations: 9,
  constraintRound: 10,
  leafEvaluations: 11,
  openingRound: 12,
  codewordRoot: 13,
  finalMessage: 14,
  bytes: 32,
} as const;

export type Tag = (typeof TAGS)[keyof typeof TAGS];

const NAMES = new Map<number, string>(
  Object.entries(TAGS).map(([name, tag]) => [tag, name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)]),
);

/** "lookup round" for 6, "tag 77" for a number that is no tag. */
export function tagName(tag: number): string {
  return NAMES.get(tag) ?? `tag ${tag}`;
}
