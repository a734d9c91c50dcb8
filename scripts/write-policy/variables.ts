import { bookkeeping } from '../../src/pinning/bookkeeping.ts';
import { annotationName } from '../../src/workload/annotation-name.ts';
import { makersImage } from '../../src/workload/image-family.ts';
import { managerPrograms, managerVariables, plainStart } from '../../src/workload/manager.ts';
import { managedLabelName } from '../../src/workload/read-settings.ts';
import { literal } from './rule.ts';
import type { Side, VariableName } from './rule.ts';

/** The last parts of all names that src/workload/image-family.ts knows: what may be the server beside another. */
const anyServer =
  '(^|/)(spilo(-[^/:@]*)?|patroni|crunchy-postgres[^/:@]*|supabase-postgres|timescaledb(-ha)?|postgis|docker-postgis|pgvector|postgres|postgresql(-repmgr|-ha)?)(:[^/@]*)?(@[^/]*)?$';

/** Images of which the data directory is known from their name, and that are injected into. */
const managedServer =
  '^([a-z0-9._:-]+/)*(postgres|postgresql|postgis|docker-postgis|pgvector|timescaledb)(:[0-9A-Za-z_][0-9A-Za-z_.-]*)?(@sha256:[0-9a-f]+)?$';
const otherEntrypoint =
  'bitnami|kartoza|cloudnative-pg|sclorg|supabase|spilo|crunchy|citus|stolon|patroni|repmgr|ongres|postdock|paunin|-(debian|photon|ol|centos)-[0-9]+(-r[0-9]+)?(@[^/]*)?$';

/** docker-library/postgres#1259: from 18 on the image keeps its data elsewhere. A tag that tells no major says nothing here. */
const below18 = [
  '(postgres|postgresql|postgis):1[0-7]([.](0|[1-9][0-9]?))?(-[^/@]*)?(@.*)?$',
  '(pgvector|timescaledb):([^/@]*[_-])?pg1[0-7]([.-][^/@]*)?(@.*)?$',
];
const is18 = '/?(postgres|postgresql|postgis):18([.](0|[1-9][0-9]?))?(-[^/@]*)?(@.*)?$';

/** Without `.`, `..`, doubled slashes and references: what needs no normalising. */
const plainPath = '^(/[^/.$][^/$]*)+$';

const ours = ['pgusher-backup', 'pgusher-restore', 'pgusher-initdb'].map(literal).join(', ');

const ownCommand = '(has(c.command) ? c.command : [])';
const words = `(${ownCommand} + (has(c.args) ? c.args : []))`;

/** As `startsPlainServer` of src/workload/manager.ts, of the container `c`. */
const startsPlainServer = `c.image.matches(${literal(makersImage.source)}) && (
    ${words}.size() == 0 || ${words}[0].matches(${literal(plainStart.source)}) ||
    (${ownCommand}.size() == 0 && ${words}[0].startsWith('-')))`;

/** Whether the two objects are managed, and the reasons that were given; evaluated when first asked for. */
export const frame: Readonly<Record<string, string>> = {
  isManaged: labelled('object'),
  wasManaged: `oldObject != null && ${labelled('oldObject')}`,
  namespaceAnnotations: 'has(namespaceObject.metadata.annotations) ? namespaceObject.metadata.annotations : {}',
  escapes: `${given('variables.annotations')} +
  ${given('variables.namespaceAnnotations')}`,
};

/** What the rules ask of one object. A list is empty where the answer cannot be told for sure. */
export function variablesOf(side: Side): Readonly<Record<VariableName, string>> {
  const { object, variable } = side;
  const [annotations, pod, server, mounts] = [
    variable('annotations'),
    variable('pod'),
    variable('server'),
    variable('mounts'),
  ];
  const [template, hash] = [`${object}.spec.template.metadata`, literal(bookkeeping.hash)];
  const [path, dataMount, claims] = [variable('dataPath'), variable('dataMount'), variable('claims')];
  const [container, directory, version] = [
    annotationName('container'),
    annotationName('data-directory'),
    annotationName('version'),
  ].map(literal) as [string, string, string];
  return {
    annotations: `has(${object}.metadata.annotations) ? ${object}.metadata.annotations : {}`,
    pod: `${object}.spec.template.spec`,
    ours: `has(${pod}.initContainers)
  ? ${pod}.initContainers.filter(c, c.name in [${ours}]).map(c, c.name)
  : []`,
    hash: `has(${template}.annotations) && ${hash} in ${template}.annotations ? string(${template}.annotations[${hash}]) : ''`,
    server: `${pod}.containers.filter(c,
  c.image.matches(${literal(managedServer)}) &&
  !c.image.matches(${literal(otherEntrypoint)}) &&
  ((${startsPlainServer}) || !(has(c.env) && c.env.exists(e, e.name.matches(${literal(managerVariables.source)})))) &&
  !${pod}.containers.exists(any, ((has(any.command) ? any.command : []) + (has(any.args) ? any.args : [])).exists(w, w.matches(${literal(managerPrograms.source)}))) &&
  (${container} in ${annotations}
    ? c.name == ${annotations}[${container}]
    : ${pod}.containers.filter(other, other.image.matches(${literal(anyServer)})).size() == 1))`,
    mounts: `${server}.exists(c, has(c.volumeMounts)) ? ${server}[0].volumeMounts : []`,
    claims: `has(${object}.spec.volumeClaimTemplates) ? ${object}.spec.volumeClaimTemplates.map(t, t.metadata.name) : []`,
    dataPath: `(${server}.size() == 0 || !${mounts}.all(m, m.mountPath.matches(${literal(plainPath)})) ? [] :
  ${directory} in ${annotations} ? [${annotations}[${directory}]] :
  has(${server}[0].command) ||
    (has(${server}[0].args) &&
      ${server}[0].args.exists(a, a.contains('$(') || a.matches('^-[A-Za-z]*D') || a.matches('(?i)data[_-]directory'))) ? [] :
  has(${server}[0].env) && ${server}[0].env.exists(e, e.name == 'PGDATA')
    ? (${server}[0].env.filter(e, e.name == 'PGDATA').size() == 1
      ? ${server}[0].env.filter(e, e.name == 'PGDATA' && has(e.value)).map(e, e.value)
      : []) :
  ${version} in ${annotations} || (has(${server}[0].envFrom) && ${mounts}.size() > 1) ? [] :
  ${below18.map((pattern) => `${server}[0].image.matches(${literal(pattern)})`).join(' ||\n    ')}
    ? ['/var/lib/postgresql/data'] :
  ${server}[0].image.matches(${literal(is18)}) ? ['/var/lib/postgresql/18/docker'] : []
).filter(p, p.matches(${literal(plainPath)}))`,
    dataMount: `${mounts}.filter(m,
  ${path}.exists(p, (p + '/').startsWith(m.mountPath + '/')) &&
  !${mounts}.exists(deeper, deeper.mountPath.size() > m.mountPath.size() &&
    ${path}.exists(p, (p + '/').startsWith(deeper.mountPath + '/'))))`,
    // The StatefulSet controller puts a claim template in the place of a pod volume of the same name.
    dataVolume: `has(${pod}.volumes)
  ? ${pod}.volumes.filter(v, ${dataMount}.exists(m, m.name == v.name) && !(v.name in ${claims}))
  : []`,
  };
}

function labelled(object: Side['object']): string {
  const [labels, name] = [`${object}.metadata.labels`, literal(managedLabelName)];
  return `has(${labels}) && ${name} in ${labels} && ${labels}[${name}] == 'true'`;
}

/** The names of escapes with a reason. */
function given(annotations: string): string {
  return `${annotations}.filter(a, a.startsWith('postgres.io/allow-') && ${annotations}[a].matches('\\\\S'))`;
}
