import type { Component } from '../../src/manifests/components.ts';

/** Component and the name of its switch under `components` of the values. */
export const switches: Readonly<Record<Component, string>> = {
  'grafana-dashboard': 'grafanaDashboard',
  'pod-roles': 'podRoles',
  'prometheus-operator': 'prometheusOperator',
  'scrape-annotations': 'scrapeAnnotations',
  'secret-names': 'secretNames',
  'web-page': 'webPage',
};
