/** Whose pods an address may name. */
export interface AddressedSet {
  readonly name: string;
  /** `spec.serviceName`; empty: it has none. */
  readonly service: string;
}

/**
 * What an address that is used in `namespace` names of a set there: an ordinal, its Service (which answers with any pod), or undefined, none of
 * it. `orders-1.orders.shop.svc.cluster.local:5432`, and shorter.
 */
export function namedOf(
  { name, service }: AddressedSet,
  namespace: string,
  address: string,
): number | 'service' | undefined {
  const host = address.replace(/:\d+$/, '').replace(/\.$/, '').toLowerCase();
  const [first = '', ...rest] = host.split('.');
  if (first === service && service !== '') return isInNamespace(rest, namespace) ? 'service' : undefined;
  const ordinal = first.startsWith(`${name}-`) ? first.slice(name.length + 1) : '';
  if (!/^\d+$/.test(ordinal)) return undefined;
  return rest.length === 0 || (rest[0] === service && isInNamespace(rest.slice(1), namespace))
    ? Number(ordinal)
    : undefined;
}

/** What follows the Service's name: nothing, the namespace, `svc`, the cluster's domain. */
function isInNamespace([namespace, svc]: readonly string[], own: string): boolean {
  return namespace === undefined || (namespace === own && (svc === undefined || svc === 'svc'));
}
