/** Others' text in a warning: short, so that the whole stays below 120 characters, and nothing that a terminal would obey. */
export function shortText(text: string, most = 20): string {
  const plain = text.replace(/\p{C}/gu, '?');
  return plain.length > most ? `${plain.slice(0, most - 1)}…` : plain;
}
