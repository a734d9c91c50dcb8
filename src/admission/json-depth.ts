/** Deeper than this no API object is: kube-apiserver reads at most 10,000 levels, a StatefulSet has about 20. */
const deepest = 1000;

/**
 * Whether a text is nested deeper than is read, as the end of the sentence "the body …"; undefined where it is not. Recursion over such
 * a value ends in a RangeError. To look at the depth of every body would cost as much as to decide about it: this is asked only when
 * there was a RangeError, to tell the sender's fault from ours.
 */
export function tooDeep(text: string): string | undefined {
  const depth = jsonDepth(text);
  return depth > deepest ? `is nested ${String(depth)} levels deep; wanted at most ${String(deepest)}` : undefined;
}

/** How deep objects and lists are nested in a JSON text; brackets inside texts do not count. */
function jsonDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let offset = 0; offset < text.length; offset += 1) {
    const character = text.charAt(offset);
    if (character === '"') offset = endOfText(text, offset);
    else if (character === '{' || character === '[') deepest = Math.max(deepest, (depth += 1));
    else if (character === '}' || character === ']') depth -= 1;
  }
  return deepest;
}

/** Offset of the closing quotation mark. */
function endOfText(text: string, start: number): number {
  let offset = start + 1;
  while (offset < text.length && text.charAt(offset) !== '"') offset += text.charAt(offset) === '\\' ? 2 : 1;
  return offset;
}
