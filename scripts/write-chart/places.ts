/** A field of the manifests that values of the chart decide; `*` in a path is each item of a list. */
export interface Place {
  readonly kinds: readonly string[];
  /** `metadata.name`; without it any. */
  readonly name?: string;
  readonly path: readonly (string | number)[];
  readonly written: Written;
}

export type Written =
  /** In place of what stands there. */
  | { readonly how: 'scalar'; readonly template: string }
  /** A text of several lines. */
  | { readonly how: 'text'; readonly value: string }
  /** A map or list in place of what stands there; `optional`: the key is left out where the value is empty. */
  | { readonly how: 'block' | 'optional block'; readonly value: string }
  /** A line of its own with the key, where the value is not empty. */
  | { readonly how: 'optional scalar'; readonly value: string; readonly template: string }
  /** Items behind those that stand there: on the same line, or each on its own. */
  | { readonly how: 'more names' | 'more items'; readonly value: string };

const pod = ['spec', 'template', 'spec'] as const;
const configurations = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'] as const;

const onPods = (
  key: string,
  value: string,
  how: 'block' | 'optional block' = 'optional block',
): Omit<Place, 'kinds'> => ({ path: [...pod, key], written: { how, value } });

/** Both that judge sets come first in their configuration; the others let pass what they are not there for. */
const failing = ['failurePolicy', 'timeoutSeconds'] as const;

export const places: readonly Place[] = [
  {
    kinds: ['Deployment'],
    path: [...pod, 'containers', 0, 'image'],
    written: { how: 'scalar', template: '{{ .Values.images.webhook | quote }}' },
  },
  {
    kinds: ['Deployment'],
    name: 'pgusher',
    path: ['spec', 'replicas'],
    written: { how: 'scalar', template: '{{ .Values.replicas }}' },
  },
  { kinds: ['Deployment'], name: 'pgusher', ...onPods('affinity', '.Values.affinity') },
  {
    kinds: ['Deployment'],
    name: 'pgusher',
    path: [...pod, 'containers', 0, 'resources'],
    written: { how: 'block', value: '.Values.resources' },
  },
  { kinds: ['Deployment'], ...onPods('imagePullSecrets', '.Values.imagePullSecrets') },
  { kinds: ['Deployment'], ...onPods('nodeSelector', '.Values.nodeSelector') },
  { kinds: ['Deployment'], ...onPods('tolerations', '.Values.tolerations') },
  ...failing.map((key): Place => {
    const template =
      key === 'failurePolicy' ? '{{ ternary "Ignore" "Fail" .Values.failOpen }}' : '{{ .Values.timeoutSeconds }}';
    return { kinds: configurations, path: ['webhooks', 0, key], written: { how: 'scalar', template } };
  }),
  {
    kinds: configurations,
    path: ['webhooks', '*', 'clientConfig', 'caBundle'],
    written: {
      how: 'optional scalar',
      value: '.Values.certificates.caBundle',
      template: '{{ . | b64enc }}',
    },
  },
  ...(
    [
      [configurations, ['webhooks', '*']],
      [['ValidatingAdmissionPolicy'], ['spec', 'matchConstraints']],
    ] as const
  ).flatMap(([kinds, path]): Place[] => {
    const expressions = [...path, 'namespaceSelector', 'matchExpressions'];
    return [
      {
        kinds,
        path: [...expressions, 0, 'values'],
        written: { how: 'more names', value: '.Values.namespaces.excluded' },
      },
      { kinds, path: expressions, written: { how: 'more items', value: '.Values.namespaces.matchExpressions' } },
    ];
  }),
];
