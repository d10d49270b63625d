/** The package has no type declarations of its own. */
declare module "wgsl-preprocessor/wgsl-preprocessor.js" {
  /** WGSL text with `#if ${condition}` ... `#elif` / `#else` / `#endif`; other substitutions are inserted as text. */
  export function wgsl(strings: TemplateStringsArray, ...values: readonly (string | number | boolean)[]): string;
}
