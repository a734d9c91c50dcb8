/** What an expression asks for: metrics of ours by name, and the values of labels that it wants. Good for expressions without text in quotes elsewhere. */
export function namesIn(expression: string): {
  readonly metrics: readonly string[];
  readonly matchers: readonly { readonly label: string; readonly values: readonly string[] }[];
} {
  return {
    metrics: expression.match(/pgusher_[a-z_]+/g) ?? [],
    matchers: [...expression.matchAll(/[{,] ?(\w+)(?:=|!=|=~|!~)"([^"]*)"/g)].map(([, label = '', values = '']) => ({
      label,
      values: values.split('|'),
    })),
  };
}
