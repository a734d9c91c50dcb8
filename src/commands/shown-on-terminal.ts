/**
 * What a terminal may be sent: text, line ends, tabs, and colours (`ESC [ … m`). Reports of agents, logs and messages of others hold what
 * anybody in a cluster may have written, and other control characters move the cursor, set the title, or answer in place of the person
 * (CVE-2021-25743 of kubectl). They are shown as `\u001b`. Of what is not a terminal every byte stays: a file is somebody's data.
 */
export function shownOnTerminal(text: string): string {
  return text.search(unsafe) === -1
    ? text
    : text.replace(unsafe, (match) => (match.length > 1 ? match : escaped(match)));
}

// A colour is matched whole and stays; everything else that is matched is one character. Beside C0 and C1 those that turn text round.
// eslint-disable-next-line no-control-regex -- control characters are what it is about
const unsafe = /\u001b\[[\d;]*m|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
