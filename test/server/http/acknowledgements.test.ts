import { expect, test } from 'vitest';
import { Acknowledgements } from '../../../server/http/acknowledgements.ts';

let now = 0;

/** Of frames in a row, so many ms apart, which are to be acknowledged; each that is comes in time, or not. */
const asked = (
  acknowledgements: Acknowledgements,
  frames: number,
  { every = 200, inTime = true } = {},
): string =>
  Array.from({ length: frames }, () => {
    const next = acknowledgements.next((now += every));
    if (next) acknowledgements.came(inTime);
    return next ? 'A' : '.';
  }).join('');

test('each frame is to be acknowledged at first, one of four by whoever keeps up', () => {
  expect(asked(new Acknowledgements(), 14)).toBe('AA...A...A...A');
});

test('where frames come seldom, more of them are', () => {
  expect(asked(new Acknowledgements(), 9, { every: 300 })).toBe('AA..A..A.');
  expect(asked(new Acknowledgements(), 5, { every: 1000 })).toBe('AAAAA');
});

test('one who does not keep up acknowledges each', () => {
  const acknowledgements = new Acknowledgements();
  expect(asked(acknowledgements, 6, { inTime: false })).toBe('AAAAAA');
  expect(asked(acknowledgements, 6)).toBe('AA...A');
  acknowledgements.came(false);
  expect(asked(acknowledgements, 6)).toBe('AA...A');
});
