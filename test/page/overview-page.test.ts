import { describe, expect, test } from 'vitest';
import { markup } from '../../src/page/markup.ts';
import { overviewPage } from '../../src/page/overview-page.ts';
import { placeOn, timeAxis } from '../../src/page/time-axis.ts';
import { windowPicture } from '../../src/page/window-picture.ts';
import { aSet, hoursAgo, now, sample, sets } from './support/sample.ts';

const all = { namespace: null, unsafe: false };

describe('names that mean something to a browser stay text', () => {
  const hostile = `</title><script>alert(1)</script>"'&`;
  test('wherever they stand', () => {
    const page = overviewPage(
      sample({
        replica: hostile,
        remarks: [hostile],
        sets: {
          kind: 'known',
          at: now,
          sets: [
            aSet({ namespace: hostile, name: hostile, primary: hostile, reasons: [hostile], warnings: [hostile] }),
          ],
        },
        certificates: [{ what: hostile, subject: hostile, from: now, to: now }],
        decisions: {
          since: now,
          newest: [
            {
              at: now,
              webhook: 'mutate',
              operation: hostile,
              namespace: hostile,
              name: hostile,
              dryRun: false,
              decision: hostile,
              checks: [hostile],
            },
          ],
          byDecision: [{ name: hostile, count: 1 }],
          byCheck: [{ name: hostile, count: 1 }],
        },
      }),
      { namespace: hostile, unsafe: false },
    );
    expect(page).not.toMatch(/<script|"'&(?!amp;|#)/);
    expect(page.match(/&lt;script&gt;/g)?.length).toBeGreaterThan(15);
  });

  test('and in an attribute', () => {
    expect(markup`<a href="?x=${'" onclick="x'}">`.html).toBe('<a href="?x=&quot; onclick=&quot;x">');
  });
});

describe('sets', () => {
  const rows = (page: string): string[] => [...page.matchAll(/<\/a>\/([a-z]+)<\/td>/g)].map(([, name = '']) => name);

  test('those that are not safe come first, then by name; the title says how many', () => {
    const page = overviewPage(sample(), all);
    expect(rows(page)).toEqual(['events', 'contacts', 'orders', 'payments']);
    expect(page).toContain('<title>pgusher: 2 NOT safe</title>');
    expect(page).toContain('4 sets, 2 NOT safe</strong>, asked 12 s ago');
    expect(page).toContain('<li class="bad">WAL has not been received for 31 h: the store does not answer</li>');
  });

  test('of one namespace; of those that are not safe; of none', () => {
    expect(rows(overviewPage(sample(), { namespace: 'shop', unsafe: false }))).toEqual(['orders', 'payments']);
    expect(rows(overviewPage(sample(), { namespace: null, unsafe: true }))).toEqual(['events', 'contacts']);
    const none = overviewPage(sample(), { namespace: 'shop', unsafe: true });
    expect(rows(none)).toEqual([]);
    expect(none).toContain('None of them is of this choice.');
  });

  test('before anything is known, without a cluster, and where they cannot be read', () => {
    expect(overviewPage(sample({ sets: { kind: 'not-yet' } }), all)).toContain('The agents are being asked');
    expect(overviewPage(sample({ sets: { kind: 'no-cluster' } }), all)).toContain('No cluster is watched here.');
    const problem = 'wanted the right that `kubectl auth can-i list statefulsets.apps` asks about';
    const failed = overviewPage(
      sample({ sets: { kind: 'failed', problem, last: { kind: 'known', at: now, sets } } }),
      all,
    );
    expect(failed).toContain(`The sets cannot be read: ${problem}</p>`);
    // What was known is still there.
    expect(rows(failed)).toHaveLength(4);
  });
});

test('a certificate that has ended is told of in red', () => {
  const certificates = [{ what: 'serves here', subject: 'CN=x', from: new Date(0), to: new Date(now.getTime() - 1) }];
  const page = overviewPage(sample({ certificates }), all);
  expect(page).toContain('<td class="bad" data-column="ends">ended 2026-11-29 11:59Z</td>');
});

describe('the picture of what can be restored', () => {
  const axis = timeAxis(sets, now);
  const bar = (picture: string): string | undefined => /<rect class="(?:window|old)"[^>]*>/.exec(picture)?.[0];

  test('all share one axis: from the oldest moment, a day at least and a month at most', () => {
    expect(new Date(axis.from).toISOString()).toBe(hoursAgo(336));
    const young = timeAxis([aSet({ recoverable: { from: hoursAgo(1), to: null } })], now);
    expect(new Date(young.from).toISOString()).toBe(hoursAgo(24));
    const old = timeAxis([aSet({ recoverable: { from: hoursAgo(9000), to: null } })], now);
    expect(new Date(old.from).toISOString()).toBe(hoursAgo(31 * 24));
    expect(timeAxis([], now).to).toBe(now.getTime());
    expect(placeOn(axis, 0)).toBe(0);
    expect(placeOn(axis, Date.parse(hoursAgo(168)))).toBe(0.5);
  });

  test('half of the axis is half of the width, and ends at its right edge', () => {
    expect(bar(windowPicture(aSet(), axis).html)).toBe('<rect class="window" x="120.0" width="120.0" height="14"/>');
  });

  test('one that ended has another colour and an end of its own', () => {
    const ended = aSet({ recoverable: { from: hoursAgo(168), to: hoursAgo(84) } });
    expect(bar(windowPicture(ended, axis).html)).toBe('<rect class="old" x="120.0" width="60.0" height="14"/>');
  });

  test('none at all, and what begins now, can be told apart', () => {
    const nothing = windowPicture(aSet({ recoverable: null }), axis).html;
    expect(bar(nothing)).toBeUndefined();
    expect(nothing).toContain('<title>nothing can be restored</title>');
    const begun = windowPicture(aSet({ recoverable: { from: now.toISOString(), to: now.toISOString() } }), axis).html;
    expect(bar(begun)).toContain('width="2.0"');
  });
});
