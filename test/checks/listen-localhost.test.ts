import { expect, test } from 'vitest';
import { listenLocalhost } from '../../src/checks/parameters/listen-localhost.ts';
import { onCreation, workloadOf } from './check-fixture.ts';

/** Severities of what is found with `listen_addresses` at `value`. */
function severities(value: string, spec: Readonly<Record<string, number>> = {}): readonly string[] {
  const containers = [{ name: 'postgres', image: 'postgres:17.6', args: ['-c', `listen_addresses=${value}`] }];
  const workload = workloadOf({ spec: { ...spec, template: { spec: { containers } } } });
  return (listenLocalhost.examine?.(workload, onCreation) ?? []).map(({ severity }) => severity ?? 'deny');
}

test.each([
  ['*', []],
  ['0.0.0.0', []],
  ['0.0.0.0, ::', []],
  // Numbers as getaddrinfo() reads them.
  ['0', []],
  ['127.1', ['warn']],
  ['0x7f.1', ['warn']],
  ['127.0.0.2', ['deny']],
  // The first that has the port keeps it.
  ['0.0.0.0,127.0.0.1', []],
  ['127.0.0.1,0.0.0.0', ['warn']],
  // An address of a pod that was.
  ['localhost,10.0.0.7', ['warn']],
  ['localhost,fd00::7', ['warn']],
  ['localhost,$(POD_IP)', []],
  ['localhost,::', []],
  ['localhost,*', ['warn']],
  // No lists.
  ['*,', ['deny']],
  ['localhost,', ['deny']],
  [',localhost', ['deny']],
  ['localhost 127.0.0.1', ['deny']],
  ['"localhost', ['deny']],
  ['"localhost" , "db"', []],
  ['localhost', ['warn']],
  ['LocalHost, ::1', ['warn']],
  ['127.0.0.1', ['warn']],
  ['', ['deny']],
  [' , ', ['deny']],
  ['::', ['deny']],
  ['::1', ['deny']],
  ['10.0.0.7', ['deny']],
  ['$(POD_IP)', ['deny']],
  ['127.0.0.1.example.com', ['deny']],
])('listen_addresses %j', (value, expected) => {
  expect(severities(value)).toEqual(expected);
});

test('loopback alone keeps the standbys of the set out', () => {
  expect(severities('localhost', { replicas: 2 })).toEqual(['deny']);
  expect(severities('localhost,orders-0', { replicas: 2 })).toEqual([]);
});
