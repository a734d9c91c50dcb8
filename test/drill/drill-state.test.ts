import { expect, it } from 'vitest';
import { drillState } from '../../src/drill/drill-state.ts';
import type { JsonObject } from '../../src/workload/json.ts';

const state = (status: JsonObject): ReturnType<typeof drillState> =>
  drillState({ metadata: { creationTimestamp: '2026-11-30T12:00:00Z' }, status }, 'postgres');
const restore = (now: JsonObject): JsonObject => ({ name: 'pgusher-restore', state: now });

it.each<readonly [string, JsonObject]>([
  [
    'for a node: 0/3 nodes are available',
    { conditions: [{ type: 'PodScheduled', status: 'False', message: '0/3 nodes are available' }] },
  ],
  [
    'for pgusher-restore: ImagePullBackOff no such image',
    { initContainerStatuses: [restore({ waiting: { reason: 'ImagePullBackOff', message: 'no such image' } })] },
  ],
  ['for its containers', { initContainerStatuses: [restore({ waiting: { reason: 'PodInitializing' } })] }],
  ['for the base backup to be restored', { initContainerStatuses: [restore({ running: {} })] }],
  ['for the server to replay its WAL', { containerStatuses: [{ name: 'postgres', state: { running: {} } }] }],
])('waits %s', (what, status) => {
  expect(state(status)).toEqual({ kind: 'waits', what });
});

it('is ready, with how long each part took', () => {
  const terminated = { startedAt: '2026-11-30T12:00:04Z', finishedAt: '2026-11-30T12:01:04Z', exitCode: 0 };
  expect(
    state({
      phase: 'Running',
      initContainerStatuses: [restore({ terminated })],
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-11-30T12:01:34Z' }],
    }),
  ).toEqual({ kind: 'ready', took: { begun: 4, restored: 60, recovered: 30 } });
});

it.each<readonly [string, JsonObject]>([
  [
    'pgusher-restore ended with 1: the base backup is damaged',
    {
      initContainerStatuses: [
        { name: 'pgusher-backup', state: { terminated: { exitCode: 0 } } },
        restore({ terminated: { exitCode: 1, reason: 'Error', message: 'the base backup is damaged\n' } }),
      ],
    },
  ],
  [
    'Pod was active on the node longer than the specified deadline',
    { reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' },
  ],
])('has failed: %s', (reason, status) => {
  expect(state({ phase: 'Failed', ...status })).toEqual({ kind: 'failed', reason });
});
