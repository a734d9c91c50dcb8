import { fsyncOff } from '../../../src/checks/parameters/fsync-off.ts';
import { annotationName } from '../../../src/workload/annotation-name.ts';
import { imagesNotTold } from '../narrower.ts';
import { literal } from '../rule.ts';
import type { Rule } from '../rule.ts';

/** What parse_bool reads as off (src/checks/parameters/unsafe-parameter.ts). */
const off = '[ \\t]*(0|off?|f|fa|fal|fals|false|n|no)[ \\t]*';

/** One word a line: nothing but switches of the plainest kind, then the one. */
const switched = `(?i)^((/[^\\n]*/)?postgres\\n)?(-c\\n[^\\n]*\\n|-c[^\\n]+\\n|--[a-z][^\\n=]*=[^\\n]*\\n)*((-c\\n|-c|--)fsync=${off}|-F)(\\n|$)`;
const annotated = `(?i)^([^'"]*,)?[ \\t]*fsync[ \\t]*=${off}(,[^'"]*)?$`;

const name = literal(annotationName('parameters'));

/** The last one that says fsync counts, so all of them have to say off. */
export const rule: Rule = {
  kind: 'state',
  check: fsyncOff,
  narrower: `${imagesNotTold} A command or a shell script of your own, switches in other spellings, and places that do not agree: that takes postgres' whole command line. Mounted configuration and POSTGRES_INITDB_ARGS.`,
  seen: ({ variable }) => {
    const [annotations, server] = [variable('annotations'), variable('server')];
    const inAnnotation = `${name} in ${annotations} && ${annotations}[${name}].matches(${literal(annotated)})`;
    const argumentsAgree = `c.args.filter(a, a.matches('(?i)fsync')).all(a, a.matches(${literal(`(?i)^(-c|--)?fsync=${off}$`)}))`;
    return `${server}.filter(c, !has(c.command) && (has(c.args)
  ? c.args.all(a, !a.contains('\\n') && !a.contains('$(')) && ${argumentsAgree} &&
    (${inAnnotation} ||
      (!(${name} in ${annotations} && ${annotations}[${name}].matches('(?i)fsync')) &&
        c.args.join('\\n').matches(${literal(switched)})))
  : ${inAnnotation})).map(c, 'fsync')`;
  },
};
