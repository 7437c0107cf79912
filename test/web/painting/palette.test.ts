import { expect, test } from 'vitest';
import { COLOUR_MAPS } from '../../../shared/colour.ts';
import { cssColour, palette } from '../../../web/src/lib/painting/palette.ts';

const rgba = (pixel: number): number[] => [...new Uint8Array(Uint32Array.of(pixel).buffer)];

test('every colour map has 256 opaque colours', () => {
  for (const id of COLOUR_MAPS) {
    const table = palette(id);
    expect(table.length).toBe(256);
    expect([...table].every((pixel) => rgba(pixel)[3] === 255)).toBe(true);
  }
});

test('viridis begins and ends with its published colours', () => {
  expect(rgba(palette('viridis')[0]!)).toEqual([0x44, 0x01, 0x54, 255]);
  expect(rgba(palette('viridis')[255]!)).toEqual([0xfd, 0xe7, 0x25, 255]);
});

test('sequential maps grow lighter from the low to the high end', () => {
  const luminance = (pixel: number): number => {
    const [r, g, b] = rgba(pixel);
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  };
  for (const id of ['viridis', 'magma', 'grey'] as const)
    for (let i = 16; i < 256; i += 16)
      expect(luminance(palette(id)[i]!)).toBeGreaterThan(luminance(palette(id)[i - 16]!));
});

test('the diverging map is blue below zero, near white at zero and red above', () => {
  const [low, middle, high] = [0, 128, 255].map((i) => rgba(palette('diverging')[i]!));
  expect(low![2]).toBeGreaterThan(low![0]! + 50);
  expect(high![0]).toBeGreaterThan(high![2]! + 50);
  expect(Math.min(...middle!)).toBeGreaterThan(235);
});

test('CSS colours are the painted ones, clipped at the ends', () => {
  expect(cssColour('viridis', 0)).toBe('rgb(68, 1, 84)');
  expect(cssColour('viridis', 7)).toBe('rgb(253, 231, 37)');
});
