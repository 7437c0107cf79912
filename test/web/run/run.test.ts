import { expect, test } from 'vitest';
import { RUN_STATES, type StepMetrics } from '../../../shared/protocol.ts';
import { describeBlocks } from '../../../shared/network.ts';
import { PRESETS } from '../../../shared/presets.ts';
import type { Frame } from '../../../shared/frame.ts';
import { exactTap } from '../../../shared/frame.ts';
import { actionsOf, isFinal } from '../../../web/src/lib/runState.ts';
import { commandOf, longStep } from '../../../web/src/lib/run/keys.ts';
import { frameFor, frameKey } from '../../../web/src/lib/run/moments.ts';
import { blockName } from '../../../web/src/lib/run/names.ts';
import { runProgress } from '../../../web/src/lib/run/progress.ts';
import { en } from '../../../web/src/lib/text/en.ts';

const stem = describeBlocks({ ...PRESETS[0]!.network, inputSize: 32, inputChannels: 3, classes: 10 })[0]!;
const frame = (tap: string, merged: boolean): Frame => ({
  epoch: 1,
  step: 1,
  lambda: 0,
  merged,
  loss: null,
  accuracy: null,
  probes: [0],
  taps: [exactTap(tap, [1, 1, 1, 1], new Float32Array(1))],
});

test('a run can be deleted only when it is over, and stopped only before', () => {
  for (const state of RUN_STATES) {
    expect(actionsOf({ state }).includes('delete')).toBe(isFinal(state));
    if (isFinal(state)) expect(actionsOf({ state })).toEqual(['delete']);
  }
  expect(actionsOf({ state: 'paused' })).toEqual(['resume', 'stop']);
});

test('a run with a checkpoint can go on, one whose folder cannot be read can do nothing', () => {
  expect(actionsOf({ state: 'stopped', resumable: true })).toEqual(['resume', 'delete']);
  expect(actionsOf({ state: 'running', resumable: true })).toEqual(['pause', 'stop']);
  expect(actionsOf({ state: 'failed', unreadable: true })).toEqual([]);
});

test('progress counts the steps of the epoch under way', () => {
  const step = { epoch: 3, step: 10, stepsPerEpoch: 40 } as StepMetrics;
  expect(runProgress({ epoch: 2, epochs: 10 }, step)).toBeCloseTo(0.225);
  expect(runProgress({ epoch: 3, epochs: 10 }, step)).toBeCloseTo(0.3);
  expect(runProgress({ epoch: 10, epochs: 10 }, null)).toBe(1);
});

test('a merged snapshot is asked only for the taps that it has', () => {
  const deep = { id: '3', epoch: 3, lambda: 0.5, merged: false, bytes: 1 };
  expect(frameKey('r', deep, stem).taps).toContain('stem.act');
  expect(frameKey('r', { ...deep, id: '9m', merged: true }, stem).taps).toEqual([
    'stem.conv2',
    'stem.relu',
    'stem.out',
  ]);
});

test('a frame of another block is not shown, one of the merged network says that its tap is gone', () => {
  const act = stem.taps.find((tap) => tap.kind === 'act')!;
  expect(frameFor(frame('stem.act', false), act)).not.toBeNull();
  expect(frameFor(frame('head.pooled', false), act)).toBeNull();
  expect(frameFor(frame('stem.out', true), act)).not.toBeNull();
});

test('keys are left alone inside controls and with modifiers', () => {
  const press = {
    key: 'ArrowLeft',
    altKey: false,
    ctrlKey: false,
    metaKey: false,
    shiftKey: false,
    defaultPrevented: false,
  };
  expect(commandOf(press, 'page')).toBe('previous');
  expect(commandOf(press, 'button')).toBe('previous');
  expect(commandOf(press, 'control')).toBeNull();
  expect(commandOf({ ...press, ctrlKey: true }, 'page')).toBeNull();
  expect(commandOf({ ...press, key: 'A' }, 'page')).toBe('pinA');
  expect(commandOf({ ...press, key: 'q' }, 'page')).toBeNull();
});

test('space plays, except on a button, which it presses', () => {
  const press = {
    key: ' ',
    altKey: false,
    ctrlKey: false,
    metaKey: false,
    shiftKey: false,
    defaultPrevented: false,
  };
  expect(commandOf(press, 'page')).toBe('play');
  expect(commandOf(press, 'button')).toBeNull();
});

test('blocks have names for people, counted as their parameters are', () => {
  expect(['stem', 'stages.0', 'stages.3', 'head', 'odd'].map((id) => blockName(id, en.pick))).toEqual([
    'Stem',
    'Stage 0',
    'Stage 3',
    'Head',
    'odd',
  ]);
});

test('a question mark asks for the keys, but not in a text field', () => {
  const press = {
    key: '?',
    altKey: false,
    ctrlKey: false,
    metaKey: false,
    shiftKey: false,
    defaultPrevented: false,
  };
  expect(commandOf(press, 'page')).toBe('help');
  expect(commandOf(press, 'button')).toBe('help');
  expect(commandOf(press, 'control')).toBe(null);
});

test('an arrow key with Shift goes by the stride, or by five', () => {
  const press = {
    key: 'ArrowRight',
    altKey: false,
    ctrlKey: false,
    metaKey: false,
    shiftKey: true,
    defaultPrevented: false,
  };
  expect(commandOf(press, 'page')).toBe('nextStride');
  expect(commandOf({ ...press, key: 'ArrowLeft' }, 'page')).toBe('previousStride');
  expect(commandOf(press, 'control')).toBeNull();
  // Shift with Home selects text.
  expect(commandOf({ ...press, key: 'Home' }, 'page')).toBeNull();
  expect([longStep(1), longStep(3), longStep(12)]).toEqual([5, 3, 12]);
});

test('home, end, the difference and the panels have keys, never within a field', () => {
  const press = { altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, defaultPrevented: false };
  const commands = ['Home', 'End', 'd', '1', '4', '5'].map((key) => commandOf({ ...press, key }, 'page'));
  expect(commands).toEqual(['first', 'last', 'difference', 'panel1', 'panel4', null]);
  for (const key of ['Home', 'd', '1', 'm', ' ']) expect(commandOf({ ...press, key }, 'control')).toBeNull();
});
