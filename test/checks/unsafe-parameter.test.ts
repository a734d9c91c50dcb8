import { expect, test } from 'vitest';
import { isOff, isOn } from '../../src/checks/parameters/unsafe-parameter.ts';

/** What parse_bool of PostgreSQL makes of a text; undefined: an error at start. */
const readings: readonly (readonly [text: string, value: boolean | undefined])[] = [
  ['on', true],
  ['ON', true],
  ['true', true],
  ['tr', true],
  ['t', true],
  ['yes', true],
  ['y', true],
  ['1', true],
  ['off', false],
  ['OFF', false],
  ['of', false],
  ['false', false],
  ['fal', false],
  ['f', false],
  ['no', false],
  ['n', false],
  ['0', false],
  ['o', undefined],
  ['', undefined],
  ['offf', undefined],
  ['2', undefined],
  ['local', undefined],
];

test.each(readings)('%j means %s', (text, value) => {
  expect([isOn(text), isOff(text)]).toEqual([value === true, value === false]);
});
