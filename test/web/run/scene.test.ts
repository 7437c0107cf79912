import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type {} from 'svelte';
import { resolveRun } from '../../../shared/presets.ts';
import type { SnapshotInfo } from '../../../shared/protocol.ts';
import { Film } from '../../../web/src/lib/run/film.svelte.ts';
import { Scene } from '../../../web/src/lib/run/scene.svelte.ts';
import type { App } from '../../../web/src/lib/state/app.svelte.ts';
import type { Run } from '../../../web/src/lib/state/run.svelte.ts';
import { View } from '../../../web/src/lib/state/view.svelte.ts';

const config = resolveRun(
  { data: { dataset: 'shapes' }, training: { epochs: 12 }, recording: { every: 2 } },
  {
    id: 'shapes',
    inputSize: 32,
    inputChannels: 3,
    classes: ['disc', 'square'],
    allowsFlip: true,
    allowsCrop: true,
  },
);
const snapshot = (id: string): SnapshotInfo => ({
  id,
  epoch: Number.parseInt(id, 10),
  lambda: 1,
  merged: id.endsWith('m'),
  bytes: 1,
});
const RECORDED = ['0', '2', '4', '6', '8', '10', '12', '12m'];

/** A page opened at this query, on a run that has recorded this much. */
function open(query = '', recorded: readonly string[] = RECORDED) {
  vi.stubGlobal('location', { search: query, pathname: '/runs/r' });
  const written: string[] = [];
  const view = new View((url) => written.push(url));
  const run = {
    id: 'r',
    detail: { id: 'r', state: 'running', config, probes: [] },
    metrics: [],
    snapshots: recorded.map(snapshot),
  };
  const scene = new Scene({ feed: {} } as unknown as App, run as unknown as Run, view);
  return { scene, run, written };
}
beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test('a link to an epoch without a snapshot shows the nearest one and tells which was asked for', () => {
  const { scene } = open('?epoch=7');
  expect([scene.shown?.id, scene.asked]).toEqual(['6', '7']);
  scene.step(1);
  expect([scene.shown?.id, scene.asked]).toEqual(['8', null]);
});

test('a link to an epoch with a snapshot, or to the latest, asks for nothing else', () => {
  expect(open('?epoch=8').scene.asked).toBeNull();
  expect(open().scene).toMatchObject({ asked: null, following: true, shown: { id: '12m' } });
});

test('a typed epoch goes to its snapshot, to the nearest one, or nowhere', () => {
  const { scene } = open();
  expect(scene.selectTyped('4')).toBe(true);
  expect([scene.shown?.id, scene.view.epoch, scene.asked]).toEqual(['4', '4', null]);
  expect(scene.selectTyped('9')).toBe(true);
  expect([scene.shown?.id, scene.view.epoch, scene.asked]).toEqual(['8', '8', '9']);
  expect(scene.selectTyped('soon')).toBe(false);
  expect(scene.shown?.id).toBe('8');
  expect(scene.selectTyped('m')).toBe(true);
  expect([scene.shown?.id, scene.following]).toEqual(['12m', true]);
});

test('steps and ends stay within the range that was drawn', () => {
  const { scene } = open('?epoch=6');
  scene.setRange([3.2, 8.4]);
  expect([scene.view.from, scene.view.to, scene.zoomed]).toEqual([3, 8, true]);
  expect(scene.inside.map((s) => s.id)).toEqual(['4', '6', '8']);
  scene.step(5);
  expect(scene.shown?.id).toBe('8');
  expect(scene.step(1)).toBe(false);
  scene.stepToEnd('first');
  expect(scene.shown?.id).toBe('4');
  scene.setRange(null);
  expect([scene.range, scene.zoomed]).toEqual([[0, 12.5], false]);
});

test('the rule of the stages is in the link, and thirds stand in while nothing is found from the data', () => {
  expect(open('?stages=0.9,0.2').scene.rule).toEqual({ by: 'lambda', mid: 0.9, late: 0.2 });
  expect(open('?stages=drift').scene.rule).toMatchObject({ by: 'lambda', mid: 2 / 3 });
});

/** What is shown after each beat of a film at four snapshots a second. */
function play(query: string, beats: number): { shown: (string | undefined)[]; film: Film; scene: Scene } {
  const { scene } = open(query);
  const film = new Film(scene);
  film.toggle();
  const shown = [scene.shown?.id];
  for (let beat = 0; beat < beats; beat++) {
    vi.advanceTimersByTime(250);
    shown.push(scene.shown?.id);
  }
  return { shown, film, scene };
}

test('a film goes by its stride to the end and stops there, following', () => {
  const { shown, film, scene } = play('?epoch=2&stride=3&speed=4', 4);
  expect(shown).toEqual(['2', '8', '12m', '12m', '12m']);
  expect([film.playing, scene.following]).toEqual([false, true]);
});

test('a film in a loop begins anew within the range', () => {
  const { shown, film } = play('?epoch=6&loop=true&speed=4&from=4&to=8', 5);
  expect(shown).toEqual(['6', '8', '4', '6', '8', '4']);
  expect(film.playing).toBe(true);
  film.stop();
});

test('from the last snapshot a film begins at the first', () => {
  expect(play('?speed=4', 2).shown).toEqual(['0', '2', '4']);
});

test('a film waits for a picture that has not come, and keeps a new pace', () => {
  const { scene } = open('?epoch=0&speed=4');
  const film = new Film(scene);
  film.toggle();
  scene.loading = true;
  vi.advanceTimersByTime(2000);
  expect(scene.shown?.id).toBe('0');
  scene.loading = false;
  film.speed = 10;
  vi.advanceTimersByTime(300);
  expect(scene.shown?.id).toBe('6');
  film.stop();
});

test('the address is written a moment after a change, and in a quick succession not for every one but for the last', () => {
  const { scene, written } = open();
  for (const id of ['2', '4']) scene.selectTyped(id);
  expect(written).toEqual([]);
  vi.advanceTimersByTime(150);
  expect(written).toEqual(['?epoch=4']);
  for (const id of ['6', '8', '10']) scene.selectTyped(id);
  vi.advanceTimersByTime(1000);
  expect(written).toEqual(['?epoch=4', '?epoch=10']);
  scene.set({ epoch: 'live' });
  vi.advanceTimersByTime(1000);
  expect(written.at(-1)).toBe('/runs/r');
});
