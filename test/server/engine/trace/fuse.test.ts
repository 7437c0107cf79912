import { expect, test } from 'vitest';
import { Calls, type Call, type Issuer } from '../../../../server/engine/trace/calls.ts';
import { fuse, type Fuser } from '../../../../server/engine/trace/fuse.ts';

/** Numbers are added up; an op that is not plain can't be fused. */
interface Sum {
  plain: boolean;
  run(numbers: readonly number[]): number[];
}

const sum = (plain: boolean): Sum => ({ plain, run: (numbers) => [numbers.reduce((a, b) => a + b, 0)] });
const call = (inputs: number[], output: number, plain = true): Call<Sum> => ({
  op: sum(plain),
  inputs,
  outputs: [output],
});

/** Does the calls one after the other, and notes what it was asked for. */
function fuserOf(able = true): {
  fuser: Fuser<Sum>;
  asked: { length: number; inputs: number[]; outputs: number[] }[];
} {
  const asked: { length: number; inputs: number[]; outputs: number[] }[] = [];
  return {
    asked,
    fuser: {
      takes: ({ plain }) => plain,
      fuse(calls, inputs, outputs) {
        asked.push({ length: calls.length, inputs: [...inputs], outputs: [...outputs] });
        if (!able) return null;
        return {
          plain: false,
          run(numbers) {
            const at = new Map(inputs.map((place, i) => [place, numbers[i]!]));
            for (const { op, inputs, outputs } of calls)
              op.run(inputs.map((place) => at.get(place)!)).forEach((value, i) => at.set(outputs[i]!, value));
            return outputs.map((place) => at.get(place)!);
          },
        };
      },
      drop: () => undefined,
    },
  };
}

/** Tensors are ids of numbers. */
function issuerOf(): { issuer: Issuer<Sum, number>; values: Map<number, number>; issued: () => number } {
  const values = new Map<number, number>();
  let [next, issued] = [100, 0];
  return {
    values,
    issued: () => issued,
    issuer: {
      issue(op, inputs) {
        issued++;
        return op.run(inputs.map((id) => values.get(id)!)).map((value) => {
          values.set(next, value);
          return next++;
        });
      },
      free: (id) => void values.delete(id),
    },
  };
}

/** 0 and 1 are given; 9 and 5 are wanted, 7 by nobody. */
const CALLS = [
  call([0, 1], 2),
  call([2, 2], 3),
  call([3, 0], 4),
  call([4, 2], 5),
  call([5, 3], 6, false),
  call([6, 5], 8),
  call([8, 4], 9),
];
const WANTED = [9, 5];

test('a run of calls becomes one, of what it takes to what others take or is wanted; short runs stay', () => {
  const { fuser, asked } = fuserOf();
  const fused = fuse(CALLS, WANTED, fuser);
  expect(asked).toEqual([{ length: 4, inputs: [0, 1], outputs: [3, 4, 5] }]);
  expect(fused.map(({ inputs, outputs }) => [inputs, outputs])).toEqual([
    [
      [0, 1],
      [3, 4, 5],
    ],
    [[5, 3], [6]],
    [[6, 5], [8]],
    [[8, 4], [9]],
  ]);
});

test('what the engine can not fuse stays as it is', () => {
  expect(fuse(CALLS, WANTED, fuserOf(false).fuser)).toEqual(CALLS);
  const closed = CALLS.map((each) => ({ ...each, op: sum(false) }));
  expect(fuse(closed, WANTED, fuserOf().fuser)).toEqual(closed);
});

test('fused calls give the same, issue fewer ops and leave nothing but what is wanted', () => {
  for (const fused of [false, true]) {
    const { issuer, values, issued } = issuerOf();
    const plain = new Calls(issuer, CALLS, WANTED);
    const calls = fused ? plain.fused(fuserOf().fuser) : plain;
    values.set(0, 1).set(1, 10);
    const ids = [0, 1];
    calls.run(ids);
    expect(WANTED.map((place) => values.get(ids[place]!))).toEqual([113, 34]);
    expect(values.size).toBe(4);
    expect(issued()).toBe(fused ? 4 : 7);
    expect(calls.ops).toHaveLength(issued());
  }
});
