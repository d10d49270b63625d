/** Text to tokens and back. */
export interface Tokenizer {
  /** One more than the largest token. */
  readonly size: number;
  /** The token that `encode` begins a text with, where the model has one. */
  readonly begin?: number;
  /** The token that ends a text, where the model has one. */
  readonly end?: number;
  /** What a text of the model's own begins with: `begin`, else `end`, else 0. */
  readonly first: number;
  /**
   * Tokens of a text, with the control tokens that the model was trained to see around it. @throws RangeError for a lone surrogate, and where a character has
   * no token
   */
  encode(text: string): number[];
  /** The text of tokens; control tokens have none, and bytes that are no UTF-8 become U+FFFD. @throws RangeError for a token that does not exist */
  decode(tokens: readonly number[]): string;
}
