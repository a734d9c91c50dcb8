/**
 * Text that the kubelet leaves as it is.
 *
 * In `command`, `args`, `env[].value` and exec probes the kubelet replaces `$(NAME)` by the variable's value and `$$` by
 * `$` (k8s.io/kubernetes third_party/forked/golang/expansion). A `$` before anything else stays, but the byte after it is
 * copied as if it were a character, which spoils what is not ASCII. A `$` is therefore doubled wherever the character after
 * it could mean something. Hooks (`lifecycle.preStop.exec.command`) are not expanded: they take their text verbatim.
 */
export function verbatimForKubelet(text: string): string {
  return text.includes('$') ? text.replace(dollarThatCounts, '$$$$') : text;
}

// Not "control characters" by mistake: everything up to DEL is ASCII.
// eslint-disable-next-line no-control-regex
const dollarThatCounts = /\$(?=[$(]|[^\x00-\x7f])/g;
