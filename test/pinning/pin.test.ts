import { describe, expect, test } from 'vitest';
import { stamp } from '../../src/pinning/stamp.ts';
import { strip } from '../../src/pinning/strip.ts';
import { dataDirectoryStays, uninject } from '../../src/pinning/uninject.ts';
import { checkedDiff } from '../../src/plan/json-patch.ts';
import { sameJson } from '../../src/plan/same-json.ts';
import type { JsonObject } from '../../src/workload/json.ts';
import { listAt, objectAt } from '../../src/workload/json.ts';
import { storedObject } from './arbitraries.ts';
import { admit, afterApply, at, edited, laterWebhook, webhook } from './cluster.ts';
import { annotation, file, server, sidecar, template } from './database.ts';

const created = admit(file);
const live = created.stored;

/** Below the root of the mount, where the user's file says nothing. */
const ourPgdata = '/var/lib/postgresql/data/pgdata';

/** The user's file with PGDATA written down. */
function withPgdata(value: string): JsonObject {
  const env = listAt(objectAt({ server: at(file, server) ?? null }, 'server'), 'env');
  return edited(file, [...server, 'env'], [...env, { name: 'PGDATA', value }]);
}

describe('CREATE', () => {
  test('everything is rendered, and the bookkeeping says by whom and of what', () => {
    expect(created).toMatchObject({ decision: 'rendered', why: 'create', warnings: [] });
    expect(at(live, annotation('injection-version'))).toBe('0.1.0');
    expect(at(live, annotation('injection-inputs'))).toMatch(/^2-[0-9a-f]{16}$/);
    expect(at(live, [...template, 'metadata', 'annotations', 'postgres.io/injected'])).toBe(created.revision);
    expect(at(live, [...server, 'lifecycle', 'preStop', 'exec', 'command'])).toEqual([
      'sh',
      '/pgusher/bin/pre-stop.sh',
      '280',
      '--',
      '/bin/deregister',
      'orders',
    ]);
  });

  test('no version stands in the pod template: it alone would restart pods', () => {
    expect(JSON.stringify(at(live, [...template, 'metadata']))).not.toContain('0.1.0');
  });

  test('an object that carries our parts already (pgusher inject) is stripped first and comes out the same', () => {
    const again = admit(live);
    expect(again.decision).toBe('unchanged');
    expect(again.object).toBe(live);
  });

  test('parts that an older version rendered into a manifest are renewed', () => {
    const again = admit(live, undefined, laterWebhook);
    expect(again).toMatchObject({ decision: 'rendered', why: 'create', warnings: [] });
    expect(at(again.stored, [...sidecar, 'image'])).toBe('registry.example/pgusher-agent:0.2.0');
  });
});

describe('UPDATE with nothing new', () => {
  const applied = afterApply(live, file);

  test('an apply puts atomic lists back to the user’s', () => {
    expect(at(applied, [...server, 'args'])).toEqual(['-c', 'shared_buffers=1GB']);
    expect(at(applied, [...server, 'lifecycle', 'preStop', 'exec', 'command'])).toEqual(['/bin/deregister', 'orders']);
    expect(listAt(objectAt(applied, 'spec'), 'volumeClaimTemplates')).toHaveLength(1);
    expect(at(applied, [...template, 'spec', 'terminationGracePeriodSeconds'])).toBe(30);
  });

  test('applying the file again leaves the stored object as it is', () => {
    const again = admit(applied, live);
    expect(again.decision).toBe('carried-forward');
    expect(again.warnings).toEqual([]);
    expect(JSON.stringify(storedObject(again.object))).toBe(JSON.stringify(live));
  });

  test('and so does a later version of the webhook, which only says that it is there', () => {
    const again = admit(applied, live, laterWebhook);
    expect(again.decision).toBe('carried-forward');
    expect(again.warnings).toEqual([
      'injected by 0.1.0, 0.2.0 is available; write postgres.io/injection-version: latest (restarts the pods)',
    ]);
    expect(JSON.stringify(again.stored)).toBe(JSON.stringify(live));
  });

  test('an object that is sent as it is stored is not patched', () => {
    const again = admit(live, live);
    expect(again.decision).toBe('unchanged');
    expect(checkedDiff(live, again.object)).toEqual([]);
  });

  test('`kubectl replace` with the user’s file gets all of it back, bookkeeping too', () => {
    const again = admit(file, live, laterWebhook);
    expect(again.decision).toBe('carried-forward');
    expect(JSON.stringify(again.stored)).toBe(JSON.stringify(live));
    expect(again.warnings).toEqual([
      'the request came without the injected parts; they were put back. To be without: remove the label postgres.io/managed',
      'injected by 0.1.0, 0.2.0 is available; write postgres.io/injection-version: latest (restarts the pods)',
    ]);
  });

  test.each([
    ['replicas', edited(applied, ['spec', 'replicas'], 3)],
    ['a label', edited(applied, ['metadata', 'labels', 'team'], 'checkout')],
    ['an escape', edited(applied, annotation('allow-image-latest'), 'a test system')],
    ['an annotation of somebody else', edited(applied, ['metadata', 'annotations', 'owner'], 'checkout')],
  ])('%s restarts nothing', (_, object) => {
    const again = admit(object, live, laterWebhook);
    expect(again.decision).toBe('carried-forward');
    expect(at(again.stored, template)).toEqual(at(live, template));
    expect(again.warnings).toHaveLength(1);
  });

  test('defaults that the apiserver fills into our parts later are carried too', () => {
    const upgraded = edited(
      live,
      [...sidecar, 'resizePolicy'],
      [{ resourceName: 'cpu', restartPolicy: 'NotRequired' }],
    );
    const again = admit(afterApply(upgraded, file), upgraded);
    expect(JSON.stringify(again.stored)).toBe(JSON.stringify(storedObject(upgraded)));
    expect(again.warnings).toEqual([]);
  });

  test('settings of the cluster are taken up by the next render, not by the next edit', () => {
    const again = admit(applied, live, { ...laterWebhook, version: '0.1.0' });
    expect(JSON.stringify(again.stored)).toBe(JSON.stringify(live));
  });
});

describe('UPDATE of what only the user’s part knows', () => {
  test('a change of another container keeps the injected parts, and says that pods restart', () => {
    const object = edited(
      afterApply(live, file),
      [...template, 'spec', 'containers', 'exporter', 'image'],
      'exporter:2',
    );
    const again = admit(object, live, laterWebhook);
    expect(again.decision).toBe('carried-forward');
    expect(again.warnings[0]).toBe('restarts the pods: the pod template changed');
    expect(at(again.stored, sidecar)).toEqual(at(live, sidecar));
    expect(at(again.stored, [...template, 'spec', 'containers', 'exporter', 'image'])).toBe('exporter:2');
  });

  test('with-rollout renews them in that very update', () => {
    const object = edited(afterApply(live, file), [...template, 'metadata', 'annotations'], {
      'kubectl.kubernetes.io/restartedAt': '2026-11-21T06:41:00Z',
      'postgres.io/injected': created.revision,
    });
    const again = admit(object, live, { ...laterWebhook, withRollout: true });
    expect(again).toMatchObject({ decision: 'rendered', why: 'with-rollout' });
    expect(again.warnings).toEqual([
      'restarts the pods: the pod template changed, and the injected parts are renewed with it',
    ]);
    expect(at(again.stored, [...sidecar, 'image'])).toBe('registry.example/pgusher-agent:0.2.0');
    expect(at(again.stored, annotation('injection-version'))).toBe('0.2.0');
  });

  test('with-rollout does nothing where the user’s template is the same', () => {
    const again = admit(afterApply(live, file), live, { ...laterWebhook, withRollout: true });
    expect(JSON.stringify(again.stored)).toBe(JSON.stringify(live));
  });
});

describe('UPDATE that asks for new parts', () => {
  test('a changed setting renders them anew, keeps claim template and PGDATA, and says that pods restart', () => {
    const again = admit(edited(afterApply(live, file), annotation('backup-keep'), '9'), live);
    expect(again).toMatchObject({ decision: 'rendered', why: 'inputs-changed' });
    expect(again.warnings).toEqual([
      'restarts the pods: the injected parts are rendered anew, as what they depend on changed',
    ]);
    expect(again.revision).not.toBe(created.revision);
    expect(at(again.stored, ['spec', 'volumeClaimTemplates'])).toEqual(at(live, ['spec', 'volumeClaimTemplates']));
    expect(at(again.stored, [...server, 'env', 'PGDATA'])).toEqual(at(live, [...server, 'env', 'PGDATA']));
    expect(strip(again.stored).object).toEqual(
      strip(storedObject(edited(file, annotation('backup-keep'), '9'))).object,
    );
  });

  test('a set that updates on delete is said not to restart by itself', () => {
    const onDelete = edited(live, ['spec', 'updateStrategy'], { type: 'OnDelete' });
    const again = admit(edited(onDelete, annotation('backup-keep'), '9'), onDelete);
    expect(again.warnings).toEqual([
      'pods change when they are deleted: the injected parts are rendered anew, as what they depend on changed',
    ]);
  });

  test('a new image is a new render: the init container that initialises runs it', () => {
    const again = admit(edited(afterApply(live, file), [...server, 'image'], 'postgres:17.7'), live, laterWebhook);
    expect(again.why).toBe('inputs-changed');
    expect(at(again.stored, [...template, 'spec', 'initContainers', 'pgusher-initdb', 'image'])).toBe('postgres:17.7');
  });

  test('`latest` renders by the running version, which then stands there', () => {
    const again = admit(edited(live, annotation('injection-version'), 'latest'), live, laterWebhook);
    expect(again).toMatchObject({ decision: 'rendered', why: 'latest-requested' });
    expect(again.warnings).toEqual([
      'restarts the pods: the injected parts are rendered by the newest version, as asked for',
    ]);
    expect(at(again.stored, annotation('injection-version'))).toBe('0.2.0');
  });

  test('`latest` in the user’s file asks for it at each apply, and restarts only when there is something new', () => {
    const withLatest = edited(file, annotation('injection-version'), 'latest');
    const first = admit(withLatest).stored;
    const second = admit(afterApply(first, withLatest), first);
    expect(JSON.stringify(second.stored)).toBe(JSON.stringify(first));
    expect(second.warnings).toEqual([]);
  });

  test('a probe of the user’s own takes the place of ours', () => {
    const own = edited(file, [...server, 'readinessProbe'], { tcpSocket: { port: 5432 } });
    const again = admit(afterApply(live, own), live);
    expect(again.why).toBe('inputs-changed');
    expect(at(again.stored, [...server, 'readinessProbe', 'tcpSocket'])).toEqual({ port: 5432 });
    expect(at(again.stored, [...server, 'readinessProbe', 'exec'])).toBeUndefined();
    expect(admit(afterApply(again.stored, own), again.stored).decision).toBe('carried-forward');
  });

  test('a port of the user’s own takes the place of ours', () => {
    const own = edited(file, [...server, 'ports'], [{ containerPort: 5432, name: 'pg', protocol: 'TCP' }]);
    const again = admit(afterApply(live, own), live);
    const ports = listAt(objectAt({ server: at(again.stored, server) ?? null }, 'server'), 'ports');
    expect(ports.filter((port) => objectAt({ port }, 'port')['containerPort'] === 5432)).toEqual([
      { containerPort: 5432, name: 'pg', protocol: 'TCP' },
    ]);
  });
});

describe('asked once more, since a webhook behind changed something', () => {
  test('a grace period of the user’s below ours stays recorded as theirs', () => {
    const longer = edited(file, [...template, 'spec', 'terminationGracePeriodSeconds'], 120);
    const first = admit(afterApply(live, longer), live);
    const again = admit(first.stored, live);
    expect(again.decision).toBe('unchanged');
    expect(strip(again.stored).revision?.grace).toEqual({ is: 300, was: 120 });
    expect(uninject(again.stored, { isLive: false }).object).toEqual(longer);
  });

  test('parts that a newer version rendered to the same are still the newer version’s', () => {
    const newer = { ...webhook, version: '0.2.0' };
    const first = admit(edited(live, annotation('injection-version'), 'latest'), live, newer);
    expect(at(first.stored, annotation('injection-version'))).toBe('0.2.0');
    expect(admit(first.stored, live, newer)).toMatchObject({ decision: 'unchanged', warnings: [] });
  });
});

describe('adoption', () => {
  const unmanaged = edited(file, ['metadata', 'labels', 'postgres.io/managed'], undefined);
  const adopted = admit(file, unmanaged);

  test('a label on a set that exists injects what an update can have, and says that pods restart', () => {
    expect(adopted).toMatchObject({ decision: 'rendered', why: 'adopted' });
    expect(adopted.warnings).toEqual(['restarts the pods: pgusher injects its parts']);
    expect(listAt(objectAt(adopted.stored, 'spec'), 'volumeClaimTemplates')).toHaveLength(1);
    expect(at(adopted.stored, [...server, 'env', 'PGDATA'])).toMatchObject({ value: '/var/lib/postgresql/data' });
  });

  test('the next apply changes nothing', () => {
    expect(JSON.stringify(admit(afterApply(adopted.stored, file), adopted.stored).stored)).toBe(
      JSON.stringify(adopted.stored),
    );
  });
});

describe('edits of injected parts', () => {
  const initContainers = [...template, 'spec', 'initContainers'];
  const templateHash = [...template, 'metadata', 'annotations', 'postgres.io/injected'];

  test('a preStop hook that is taken out is put back with a warning, where the user has none in it', () => {
    const plain = edited(file, [...server, 'lifecycle'], undefined);
    const stored = admit(plain).stored;
    const again = admit(edited(stored, [...server, 'lifecycle'], undefined), stored);
    expect(JSON.stringify(again.stored)).toBe(JSON.stringify(stored));
    expect(again.warnings).toEqual([
      'edit of injected parts put back: preStop hook; they follow the annotations postgres.io/*',
    ]);
    expect(admit(afterApply(stored, plain), stored).warnings).toEqual([]);
  });

  describe('a part of our arguments that is dropped', () => {
    const own = edited(file, annotation('parameters'), 'work_mem=8MB');
    const ours = ['-c', 'max_slot_wal_keep_size=2560MB', '-c', 'huge_pages=off', '-c', 'work_mem=8MB'];
    const args = [...server, 'args'];

    test.each([
      ['the user has arguments', own, ['-c', 'shared_buffers=1GB']],
      ['the user has none', edited(own, args, undefined), ['postgres']],
      ['the user has an empty list', edited(own, args, []), ['postgres']],
    ])('is put back without a render, and it is said: %s', (_, object, start) => {
      const { stored, revision } = admit(object);
      expect(at(stored, args)).toEqual([...start, ...ours]);
      for (const left of [ours.slice(0, 2), ours.slice(2), [...ours.slice(0, 2), ...ours.slice(4)]]) {
        const again = admit(edited(stored, args, [...start, ...left]), stored);
        expect(JSON.stringify(again.stored)).toBe(JSON.stringify(stored));
        expect(again.revision).toBe(revision);
        expect(again.warnings).toEqual([
          'edit of injected parts put back: arguments; they follow the annotations postgres.io/*',
        ]);
        expect(admit(again.stored, stored).decision).toBe('unchanged');
      }
    });

    test.each([
      ['another value of one', ['-c', 'shared_buffers=1GB', '-c', 'huge_pages=on']],
      ['half of a pair', ['-c', 'shared_buffers=1GB', '-c']],
      ['one of ours behind one of theirs', ['-c', 'shared_buffers=1GB', '-c', 'jit=off', '-c', 'huge_pages=off']],
      ['ours in another order', ['-c', 'shared_buffers=1GB', '-c', 'work_mem=8MB', '-c', 'huge_pages=off']],
    ])('what cannot be a rest of ours is the user’s own: %s', (_, list) => {
      const { stored } = admit(own);
      expect(admit(edited(stored, args, list), stored).why).toBe('inputs-changed');
    });

    test('a list that says what ours says, without the program that we wrote in front, is the user’s', () => {
      const { stored } = admit(edited(own, args, undefined));
      const again = admit(edited(stored, args, ['-c', 'huge_pages=off']), stored);
      expect(again.why).toBe('inputs-changed');
      expect(at(again.stored, args)).toEqual([
        ...['-c', 'huge_pages=off'],
        ...['-c', 'max_slot_wal_keep_size=2560MB', '-c', 'work_mem=8MB'],
      ]);
    });
  });

  test.each([
    ['an image', edited(live, [...sidecar, 'image'], 'evil:1'), 'init container pgusher-backup'],
    ['a container that is taken out', edited(live, sidecar, undefined), 'init container pgusher-backup'],
    ['a volume', edited(live, [...template, 'spec', 'volumes', 'pgusher', 'emptyDir'], {}), 'volume pgusher'],
    ['how often our probe asks', edited(live, [...server, 'readinessProbe', 'periodSeconds'], 77), 'readiness probe'],
    [
      'the seconds of our hook',
      edited(
        live,
        [...server, 'lifecycle', 'preStop', 'exec', 'command'],
        ['sh', '/pgusher/bin/pre-stop.sh', '1', '--', '/bin/deregister', 'orders'],
      ),
      'preStop hook',
    ],
    ['PGDATA', edited(live, [...server, 'env', 'PGDATA'], undefined), 'variable PGDATA'],
    ['a readiness probe that is taken out', edited(live, [...server, 'readinessProbe'], undefined), 'readiness probe'],
    ['a startup probe that is taken out', edited(live, [...server, 'startupProbe'], undefined), 'startup probe'],
    ['a port that is taken out', edited(live, [...server, 'ports', 'postgres'], undefined), 'port 5432/TCP'],
    ['a mount', edited(live, [...server, 'volumeMounts', 'pgusher'], undefined), 'mount /pgusher'],
    [
      'the order of init containers',
      edited(
        live,
        initContainers,
        listAt(objectAt(objectAt(objectAt(live, 'spec'), 'template'), 'spec'), 'initContainers').toReversed(),
      ),
      'order of init containers',
    ],
    ['the template’s hash', edited(live, templateHash, '0000000000000000'), 'annotation postgres.io/injected'],
    [
      'the template’s hash, taken out',
      edited(live, templateHash.slice(0, -1), undefined),
      'annotation postgres.io/injected',
    ],
  ])('%s is put back with a warning', (_, object, what) => {
    const again = admit(object, live);
    expect(JSON.stringify(again.stored)).toBe(JSON.stringify(live));
    expect(again.warnings).toEqual([
      `edit of injected parts put back: ${what}; they follow the annotations postgres.io/*`,
    ]);
  });

  test('several are counted', () => {
    const object = edited(
      edited(live, [...sidecar, 'image'], 'evil:1'),
      [...template, 'spec', 'volumes', 'pgusher'],
      undefined,
    );
    expect(admit(object, live).warnings).toEqual([
      'edit of injected parts put back: init container pgusher-backup and 1 more; they follow the annotations postgres.io/*',
    ]);
  });

  test('a hash that says nothing true is put back, not taken for a rollback', () => {
    const object = edited(live, [...template, 'metadata', 'annotations', 'postgres.io/injected'], '0000000000000000');
    expect(JSON.stringify(admit(object, live).stored)).toBe(JSON.stringify(live));
  });

  test('a hash of an older revision over nothing is no rollback either', () => {
    const second = admit(edited(live, annotation('backup-keep'), '9'), live).stored;
    const bare = edited(second, [...template, 'spec'], at(file, [...template, 'spec']));
    const object = edited(bare, [...template, 'metadata', 'annotations', 'postgres.io/injected'], created.revision);
    expect(JSON.stringify(admit(object, second).stored)).toBe(JSON.stringify(second));
  });

  test.each([
    [
      'injection-version',
      '9.9.9',
      ['postgres.io/injection-version is written by pgusher; 9.9.9 was put back to 0.1.0'],
    ],
    ['injection-version', undefined, []],
    ['injection-inputs', '1-0000000000000000', []],
    ['injection-record', 'nonsense', []],
    ['injection-record', '[]', []],
    ['injection-record', undefined, []],
  ])('bookkeeping %s written as %s is put back', (name, value, warnings) => {
    const again = admit(edited(live, annotation(name), value), live);
    expect(JSON.stringify(again.stored)).toBe(JSON.stringify(live));
    expect(again.warnings).toEqual(warnings);
  });

  test('no edit makes a warning long or brings control characters into it', () => {
    const long = `\u001b[31m\n${'x'.repeat(300)}`;
    const odd = edited(
      live,
      annotation('injection-record'),
      JSON.stringify([{ ...strip(live).revision, version: long }]),
    );
    const mounts = listAt(objectAt({ server: at(live, server) ?? null }, 'server'), 'volumeMounts');
    const more = [...mounts, ...['a', 'b'].map((name) => ({ name: 'pgusher', mountPath: `/${name}/${long}` }))];
    const object = edited(edited(odd, annotation('injection-version'), long), [...server, 'volumeMounts'], more);
    const { warnings } = admit(object, odd);
    expect(warnings.map((warning) => warning.split(' ').slice(0, 2).join(' '))).toEqual(['edit of', 'injected by']);
    for (const warning of [
      ...warnings,
      ...admit(edited(odd, annotation('injection-version'), 'y'.repeat(300)), odd).warnings,
    ]) {
      expect(warning).toMatch(/^[^\p{C}]{1,120}$/u);
    }
  });
});

describe('rollback', () => {
  const second = admit(edited(live, annotation('backup-keep'), '9'), live).stored;
  const third = admit(edited(second, [...server, 'image'], 'postgres:17.7'), second, laterWebhook).stored;

  test.each([
    ['to the revision before', second],
    ['to an older one', live],
  ])('`rollout undo` %s keeps the parts of that revision', (_, to) => {
    const undone = admit(edited(third, template, at(to, template)), third, laterWebhook);
    expect(undone.decision).toBe('rolled-back');
    expect(at(undone.stored, template)).toEqual(at(to, template));
    expect(undone.warnings).toEqual([
      'restarts the pods: rollback',
      'rollback: the injected parts are those of that revision, rendered by pgusher 0.1.0',
    ]);
    expect(at(undone.stored, annotation('injection-version'))).toBe('0.1.0');
  });

  test('what comes after a rollback does not undo it', () => {
    const undone = admit(edited(third, template, at(live, template)), third, laterWebhook).stored;
    const scaled = admit(edited(undone, ['spec', 'replicas'], 3), undone, laterWebhook);
    expect(scaled.decision).toBe('unchanged');
    expect(at(scaled.stored, template)).toEqual(at(live, template));
  });

  test('a rolled back object is uninjected to what its user wrote', () => {
    const undone = admit(edited(third, template, at(live, template)), third, laterWebhook).stored;
    const expected = edited(file, annotation('backup-keep'), '9');
    expect(uninject(undone, { isLive: false }).object).toEqual(expected);
  });

  describe('across the label, taken off and put back', () => {
    const released = uninject(third, { isLive: true }).object;
    const adopted = admit(released, released, laterWebhook).stored;

    test.each([
      ['live', live],
      ['second', second],
    ])('the parts of an older revision are known by the record that stayed: %s', (_, to) => {
      const undone = admit(edited(adopted, template, at(to, template)), adopted, laterWebhook);
      expect(undone.decision).toBe('rolled-back');
      expect(at(undone.stored, template)).toEqual(at(to, template));
      // PGDATA was left to the user when the label went, and is theirs since.
      const left = uninject(undone.stored, { isLive: false }).object;
      const env = listAt(objectAt({ server: at(withPgdata(ourPgdata), server) ?? null }, 'server'), 'env');
      expect(at(left, template)).toEqual(at(edited(file, [...server, 'env'], env), template));
      const claims = ['spec', 'volumeClaimTemplates'];
      expect(at(left, claims)).toEqual(at(released, claims));
    });

    test('an undo that no webhook saw, since the label was off: what came back is ours when the label does', () => {
      const unseen = edited(released, template, at(third, template));
      const again = admit(unseen, unseen, laterWebhook);
      expect(again.decision).toBe('carried-forward');
      expect(at(again.stored, template)).toEqual(at(third, template));
      expect(at(uninject(again.stored, { isLive: false }).object, template)).toEqual(
        at(edited(file, [...server, 'image'], 'postgres:17.7'), template),
      );
    });

    test('the answer to an edit behind such an undo, asked about again, is no undo itself', () => {
      const unseen = edited(released, template, at(live, template));
      const newest = edited(edited(file, annotation('backup-keep'), '9'), [...server, 'image'], 'postgres:17.7');
      const first = admit(afterApply(unseen, newest), unseen, laterWebhook);
      expect(at(first.stored, template)).toEqual(at(third, template));
      const again = admit(first.stored, unseen, laterWebhook);
      expect(JSON.stringify(again.stored)).toBe(JSON.stringify(first.stored));
      expect(again.warnings).toEqual(['restarts the pods: the pod template changed']);
    });

    test('with the record lost nothing that runs our scripts is taken for the user’s, and it is said what is', () => {
      const forgotten = edited(
        adopted,
        annotation('injection-record'),
        JSON.stringify(strip(adopted).record.slice(-1)),
      );
      const other = edited(
        at(live, template) as JsonObject,
        ['spec', 'containers', 'postgres', 'args'],
        [...listAt(at(live, server) as JsonObject, 'args'), '-c', 'wal_keep_size=1GB'],
      );
      const undone = admit(edited(forgotten, template, other), forgotten, laterWebhook);
      expect(undone.why).toBe('inputs-changed');
      expect(undone.warnings).toContain(
        `revision ${strip(live).hash ?? ''} is not on record: what pgusher had put into its args and env counts as yours`,
      );
      const left = at(uninject(undone.stored, { isLive: false }).object, template);
      expect(JSON.stringify(left)).not.toContain('/pgusher');
    });

    test('the record alone injects nothing, and names of ours beside it are seen', () => {
      expect(strip(released)).toMatchObject({ injected: undefined, record: strip(third).record });
      expect(at(strip(released).object, annotation('injection-record'))).toBeUndefined();
    });
  });

  test('undo of the adoption: the label stays, so the parts stay, and it is said how to be without', () => {
    const again = admit(edited(live, template, at(file, template)), live);
    expect(JSON.stringify(again.stored)).toBe(JSON.stringify(live));
    expect(again.warnings[0]).toContain('remove the label postgres.io/managed');
  });

  test('a revision that is recorded no more is known by its content', () => {
    const forgotten = edited(third, annotation('injection-record'), JSON.stringify(strip(third).record.slice(-1)));
    const undone = admit(edited(forgotten, template, at(second, template)), forgotten, laterWebhook);
    expect(at(undone.stored, template)).toEqual(at(second, template));
  });

  test('a manifest that `pgusher inject` wrote for other settings is taken as it is', () => {
    const manifest = admit(edited(file, annotation('backup-keep'), '8'), undefined, laterWebhook).stored;
    const again = admit(afterApply(live, manifest), live);
    expect(again.decision).toBe('rolled-back');
    expect(at(again.stored, [...sidecar, 'image'])).toBe('registry.example/pgusher-agent:0.2.0');
    expect(at(again.stored, annotation('injection-version'))).toBe('0.2.0');
  });

  test('an older template together with other settings is rendered for the settings', () => {
    const object = edited(edited(third, template, at(live, template)), annotation('backup-keep'), '12');
    expect(admit(object, third).why).toBe('inputs-changed');
  });
});

describe('what older versions wrote', () => {
  test('inputs in another form are not taken for a change of the user’s', () => {
    const older = edited(live, annotation('injection-inputs'), '0-0123456789abcdef');
    const again = admit(afterApply(older, file), older, laterWebhook);
    expect(again.decision).toBe('carried-forward');
    expect(at(again.stored, template)).toEqual(at(live, template));
    expect(at(again.stored, annotation('injection-inputs'))).toBe(at(live, annotation('injection-inputs')));
  });

  test('but a change of the user’s in the same update is seen', () => {
    const older = edited(live, annotation('injection-inputs'), '0-0123456789abcdef');
    expect(admit(edited(older, annotation('backup-keep'), '9'), older).why).toBe('inputs-changed');
  });

  test('inputs that somebody took away are known from the record', () => {
    const without = edited(live, annotation('injection-inputs'), undefined);
    expect(admit(afterApply(without, file), without).decision).toBe('carried-forward');
    expect(admit(edited(without, annotation('backup-keep'), '9'), without).why).toBe('inputs-changed');
  });

  test('a container that was renamed while no webhook looked can be named back', () => {
    const missed = edited(live, [...server, 'name'], 'pg');
    const again = admit(live, missed);
    expect(JSON.stringify(at(again.stored, template))).toBe(JSON.stringify(at(live, template)));
  });

  test('a claim template that somebody doubled is not rendered twice', () => {
    const path = ['spec', 'volumeClaimTemplates'];
    const claims = listAt(objectAt(live, 'spec'), 'volumeClaimTemplates');
    const doubled = edited(live, path, [...claims, ...claims.slice(-1)]);
    expect(admit(edited(live, annotation('backup-keep'), '9'), doubled).why).toBe('inputs-changed');
  });

  test('a claim template that was doubled in the stored object is the user’s once, whoever writes the bookkeeping', () => {
    const path = ['spec', 'volumeClaimTemplates'];
    const claims = listAt(objectAt(live, 'spec'), 'volumeClaimTemplates');
    const before = strip(edited(live, path, [...claims, ...claims.slice(-1)]));
    const users = (object: JsonObject): number =>
      listAt(objectAt(strip(object, before).object, 'spec'), 'volumeClaimTemplates').length;
    // The same change with the stored bookkeeping, which looks like an undo, and with that of our own answer.
    const change = edited(live, [...server, 'image'], 'postgres:17.5-bookworm');
    expect(users(change)).toBe(claims.length - 1);
    expect(users(edited(change, annotation('injection-inputs'), '1-0000000000000000'))).toBe(claims.length - 1);
  });

  test('a change that no webhook saw is rendered at the next update', () => {
    const missed = edited(live, annotation('backup-keep'), '9');
    expect(admit(edited(missed, ['spec', 'replicas'], 3), missed).why).toBe('inputs-changed');
  });
});

describe('uninject', () => {
  test('is the exact inverse', () => {
    expect(uninject(live, { isLive: false }).object).toEqual(file);
  });

  test.each([
    ['of the stored object itself', live],
    ['of an apply, where lists are the user’s again', afterApply(live, file)],
    ['of a replace with the user’s file, which lost it', file],
    ['of a file in which the user has written our PGDATA down', afterApply(live, withPgdata(ourPgdata))],
  ])('of a live set keeps what cannot be lost, its claim template and PGDATA: %s', (_, object) => {
    const released = uninject(object, { isLive: true, before: strip(live) });
    const kept = edited(
      edited(file, ['spec', 'volumeClaimTemplates'], at(live, ['spec', 'volumeClaimTemplates'])),
      [...server, 'env'],
      listAt(objectAt({ server: at(withPgdata(ourPgdata), server) ?? null }, 'server'), 'env'),
    );
    const record = annotation('injection-record');
    expect(released).toEqual({ object: edited(kept, record, at(live, record)), dataDirectory: ourPgdata });
    expect(uninject(released.object, { isLive: true, before: strip(live) })).toEqual(released);
  });

  test('PGDATA that was moved off the root of its mount stays moved, also when an apply put it back', () => {
    const own = withPgdata('/var/lib/postgresql/data');
    const moved = admit(own).stored;
    for (const object of [moved, afterApply(moved, own), own]) {
      const released = uninject(object, { isLive: true, before: strip(moved) });
      expect(at(released.object, [...server, 'env', 'PGDATA', 'value'])).toBe(ourPgdata);
      expect(released.dataDirectory).toBe(ourPgdata);
    }
    expect(uninject(moved, { isLive: false })).toEqual({ object: own, dataDirectory: ourPgdata });
  });

  test.each([
    ['a literal value', { name: 'PGDATA', value: '/elsewhere' }],
    ['a reference', { name: 'PGDATA', valueFrom: { configMapKeyRef: { name: 'orders', key: 'pgdata' } } }],
  ])('PGDATA that the user writes while taking the label off is the user’s: %s', (_, variable) => {
    const own = edited(live, [...server, 'env', 'PGDATA'], variable);
    const released = uninject(own, { isLive: true, before: strip(live) });
    expect(at(released.object, [...server, 'env', 'PGDATA'])).toEqual(variable);
    expect(released.dataDirectory).toBeUndefined();
  });

  test('a Postgres container that is another one now is left alone', () => {
    const renamed = edited(file, [...server, 'name'], 'pg');
    const released = uninject(renamed, { isLive: true, before: strip(live) });
    expect(at(released.object, template)).toEqual(at(renamed, template));
  });

  test('of a file says which PGDATA is gone with it', () => {
    expect(uninject(live, { isLive: false })).toEqual({ object: file, dataDirectory: ourPgdata });
    const own = withPgdata('/var/lib/postgresql/data/mine');
    expect(uninject(admit(own).stored, { isLive: false })).toEqual({ object: own, dataDirectory: undefined });
  });

  test('what is said about it fits into a warning', () => {
    expect(dataDirectoryStays(ourPgdata)).toBe(
      'PGDATA=/var/lib/postgresql/data/pgdata stays, since the database is there; write it into your manifest',
    );
    expect(dataDirectoryStays(`/\u001b${'x'.repeat(200)}`)).toMatch(
      /^PGDATA=\/\?x{46}… stays, since [^\p{C}]* manifest$/u,
    );
    expect(dataDirectoryStays('x'.repeat(200)).length).toBeLessThanOrEqual(120);
  });

  test('a claim template that stayed behind is the user’s, and is used when the label comes back', () => {
    const released = uninject(live, { isLive: true }).object;
    const again = admit(released, released);
    expect(again.why).toBe('adopted');
    expect(at(again.stored, ['spec', 'volumeClaimTemplates'])).toEqual(at(live, ['spec', 'volumeClaimTemplates']));
    expect(JSON.stringify(at(again.stored, sidecar))).toContain('"name":"pgusher-backup"');
    expect(uninject(again.stored, { isLive: false }).object).toEqual(
      edited(released, annotation('injection-record'), undefined),
    );
  });
});

describe('what an update may touch', () => {
  const requests: readonly JsonObject[] = [
    afterApply(live, file),
    edited(live, annotation('backup-keep'), '9'),
    edited(live, sidecar, undefined),
    edited(live, annotation('injection-version'), 'latest'),
    file,
  ];

  test('the patch stays in the metadata’s annotations, the pod template and lost claim templates', () => {
    for (const object of requests) {
      const { object: desired } = admit(object, live, laterWebhook);
      const operations = checkedDiff(object, desired);
      expect(operations.length).toBeGreaterThan(0);
      for (const { path } of operations) {
        expect(path).toMatch(/^\/(metadata\/annotations|spec\/template|spec\/volumeClaimTemplates)(\/|$)/);
      }
      expect(sameJson(at(desired, ['spec', 'volumeClaimTemplates']), at(live, ['spec', 'volumeClaimTemplates']))).toBe(
        true,
      );
    }
  });
});

describe('the record', () => {
  test('keeps the last ten revisions, newest last', () => {
    let object = live;
    for (let keep = 6; keep < 20; keep += 1)
      object = admit(edited(object, annotation('backup-keep'), String(keep)), object).stored;
    const { record, hash } = strip(object);
    expect(record).toHaveLength(10);
    expect(record.at(-1)?.hash).toBe(hash);
    expect(new Set(record.map((revision) => revision.hash)).size).toBe(10);
  });

  test('stays small, whatever the user wrote', () => {
    const long = Array.from({ length: 400 }, (_, index) => `${index}-${'x'.repeat(40)}`);
    let object = live;
    for (let round = 0; round < 6; round += 1) {
      const { injected, record, recordText } = strip(object);
      if (injected?.server === undefined) throw new Error('nothing is injected');
      const plan = { ...injected, server: { ...injected.server, args: [...long, String(round)] } };
      object = stamp({
        object: file,
        plan,
        hash: `hash-${round}`,
        version: '0.1.0',
        inputs: '1-0',
        before: { record, recordText },
        requested: undefined,
      });
    }
    expect(strip(object).recordText?.length).toBeLessThan(33_000);
    expect(strip(object).record.at(-1)?.hash).toBe('hash-5');
  });
});
