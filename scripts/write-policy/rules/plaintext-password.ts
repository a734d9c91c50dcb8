import { plaintextPassword, passwordNames } from '../../../src/checks/security/plaintext-password.ts';
import { literal } from '../rule.ts';
import type { Rule } from '../rule.ts';

/** Of `scheme://user:password@host` and of `password=…`, with a password that is not computed. */
const logins =
  '(?i)([a-z][a-z0-9+.-]*://[!-.0-9;-?A-~]*:[!-#%-.0-?A-_a-~][!-.0-?A-~]*@|password[ \\t]*=[ \\t]*["\\\']?[a-z0-9_.!#%*+-])';

const references = '^(\\$\\([-._a-zA-Z][-._a-zA-Z0-9]*\\))+$';

export const rule: Rule = {
  kind: 'state',
  check: plaintextPassword,
  narrower: 'Passwords after `password=` that begin with a rare character, and those in a ConfigMap.',
  seen: ({ variable }) => {
    const pod = variable('pod');
    return `${inContainers(`${pod}.containers`)} +
(has(${pod}.initContainers) ? ${inContainers(`${pod}.initContainers`)} : [])`;
  },
};

/** Container by container, since a container's name is no variable of CEL outside of its own macro. */
function inContainers(list: string): string {
  const words = (key: string): string => `has(c.${key}) && c.${key}.exists(w, w.matches(${literal(logins)}))`;
  return `${list}.filter(c, (has(c.env) && c.env.exists(e, ${isSecret})) ||
    (${words('command')}) || (${words('args')})).map(c, c.name + ':' +
    (has(c.env) ? c.env.filter(e, ${isSecret}).map(e, e.name).join(',') : '') + ':' +
    (${words('command')} ? 'command' : '') + ':' + (${words('args')} ? 'args' : ''))`;
}

const isSecret = `has(e.value) && e.value != '' && (
      (e.name.matches(${regex(passwordNames.secret)}) && !e.name.matches(${regex(passwordNames.switch)}) && !e.value.matches(${literal(references)})) ||
      (e.name.matches(${regex(passwordNames.credential)}) && !e.name.matches(${regex(passwordNames.identifier)}) &&
        e.value.lowerAscii() in [${[...passwordNames.samples].map(literal).join(', ')}]) ||
      e.value.matches(${literal(logins)}))`;

/** RE2 reads these as JavaScript does. */
function regex(expression: RegExp): string {
  return literal(`(?i)${expression.source}`);
}
