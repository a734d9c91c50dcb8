/** A simple command of a shell script. */
export interface SimpleCommand {
  /** Without their quotes; `$…` stays as written, redirections are words too. */
  readonly words: readonly string[];
  /** It is one end of a pipe, or runs in the background: a shell of its own runs it, whatever it says. */
  readonly isApart: boolean;
}

/**
 * Enough of the shell's grammar (POSIX, "Token Recognition") to find which words `postgres` is started with in a
 * `sh -c` script: quotes, backslashes, comments, and the operators that end a command. Nothing is expanded, and what
 * is beyond it (here-documents, functions, `case`) yields words that no server is started with.
 */
export function simpleCommands(script: string): readonly SimpleCommand[] {
  const commands: SimpleCommand[] = [];
  let words: string[] = [];
  let word: string | undefined;
  let isPiped = false;
  const endWord = (): void => {
    if (word !== undefined) words.push(word);
    word = undefined;
  };
  const endCommand = (operator: string): void => {
    endWord();
    const pipes = operator === '|' || operator === '|&';
    if (words.length > 0) commands.push({ words, isApart: isPiped || pipes || operator === '&' });
    if (words.length > 0 || operator !== '\n') isPiped = pipes;
    words = [];
  };
  for (const [token] of script.matchAll(tokenPattern)) {
    if (token === '\\\n') continue;
    if (/^[ \t]/.test(token)) endWord();
    else if (operators.includes(token)) endCommand(token);
    else if (token.startsWith('#') && word === undefined) continue;
    else word = (word ?? '') + unquoted(token);
  }
  endCommand('\n');
  return commands;
}

const operators = ['\n', ';', '&', '|', '(', ')', '&&', '||', ';;', '|&'];

/** Blanks, a redirection, an operator, a comment, a quoted piece, an escape, plain characters, or a lone quote. */
const tokenPattern =
  /[ \t]+|[0-9]*(?:[<>]{1,3}&?|&>{1,2})[0-9-]*|&&|\|\||;;|\|&|[\n;&|()]|#[^\n]*|'[^']*'|"(?:[^"\\]|\\[^])*"|\\[^]|[^ \t\n;&|()#'"\\<>][^ \t\n;&|()'"\\<>]*|['"\\]/g;

function unquoted(token: string): string {
  if (token.length > 1 && token.startsWith("'")) return token.slice(1, -1);
  if (token.length > 1 && token.startsWith('"')) {
    return token
      .slice(1, -1)
      .replace(/\\(["\\$`\n])/g, (_, character: string) => (character === '\n' ? '' : character));
  }
  return token.startsWith('\\') ? token.slice(1) : token;
}
