import { parse } from 'yaml';

/** What is expected, as a reader of manifests would write it. The indentation of the test's own code is no part of it. */
export function yaml(strings: TemplateStringsArray): unknown {
  return parse(strings.join(''));
}
