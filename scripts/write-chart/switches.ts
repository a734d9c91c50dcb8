/** Component and the name of its switch under `components` of the values. */
export const switches = {
  'grafana-dashboard': 'grafanaDashboard',
  'pod-roles': 'podRoles',
  'prometheus-operator': 'prometheusOperator',
  'scrape-annotations': 'scrapeAnnotations',
  'secret-names': 'secretNames',
} as const;
