/** `networks`: what can be trained, and what it costs. */
import { InvalidArgumentError, type Command } from 'commander';
import type { NetworkConfig } from '../../shared/config.ts';
import { countFlops, countLayers, countParameters } from '../../shared/cost.ts';
import { FAMILY, familyNetwork, type FamilyOptions } from '../../shared/family.ts';
import { describeBlocks } from '../../shared/network.ts';

interface Options extends FamilyOptions {
  json?: boolean;
}

interface Cost {
  layers: number;
  parameters: number;
  /** Operations for one image, a multiplication with its addition counted once. */
  flops: number;
}

export interface NetworkRow {
  name: string;
  network: NetworkConfig;
  blocks: { id: string; channelsIn: number; channelsOut: number; stride: number; output: string }[];
  deep: Cost;
  merged: Cost;
}

export function register(program: Command): void {
  program
    .command('networks')
    .description('print the family of networks: blocks, parameters and FLOPs, deep and merged')
    .option('--input-size <pixels>', 'side of the images', whole, 224)
    .option('--classes <count>', 'number of classes', whole, 1000)
    .option('--width <factor>', 'multiplier of all widths', positive, 1)
    .option('--stem-stride <stride>', '4, 2 or 1', stemStride, 4)
    .option('--input-channels <count>', 'channels of the images', whole, 3)
    .option('--n <number>', 'number of the series activation (kernel 2n + 1)', whole, 3)
    .option('--json', 'print as JSON')
    .action(({ json, ...options }: Options) => {
      const rows = networkRows(options);
      console.log(json ? JSON.stringify(rows, null, 2) : formatNetworks(rows, options));
    });
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('A number above 0 is valid.');
  return value;
}

function whole(text: string): number {
  const value = positive(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError('A whole number above 0 is valid.');
  return value;
}

function stemStride(text: string): 1 | 2 | 4 {
  const value = Number(text);
  if (value !== 1 && value !== 2 && value !== 4) throw new InvalidArgumentError('4, 2 and 1 are valid.');
  return value;
}

/** Every member of the family with these options. */
export function networkRows(options: Partial<FamilyOptions>): NetworkRow[] {
  return FAMILY.map((name) => {
    const network = familyNetwork(name, options);
    const cost = (merged: boolean): Cost => ({
      layers: countLayers(network, merged),
      parameters: countParameters(network, merged),
      flops: countFlops(network, merged),
    });
    const blocks = describeBlocks(network).map(({ id, channelsIn, channelsOut, taps }, i) => ({
      id,
      channelsIn,
      channelsOut,
      stride: id === 'stem' ? network.stemStride : (network.strides[i - 1] ?? 1),
      output: taps.at(-1)!.shape.join('×'),
    }));
    return { name, network, blocks, deep: cost(false), merged: cost(true) };
  });
}

/** Two lines a network: the costs, and the blocks as width, or width/stride where it pools. */
export function formatNetworks(rows: readonly NetworkRow[], options: Partial<FamilyOptions>): string {
  const millions = (n: number): string => `${(n / 1e6).toFixed(1)} M`;
  const billions = (n: number): string =>
    n >= 5e7 ? `${(n / 1e9).toFixed(1)} G` : `${(n / 1e6).toFixed(1)} M`;
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(20) : cell.padStart(i < 3 ? 7 : 11))).join('');
  const { inputSize, classes, width } = options;
  return [
    `Images of ${inputSize}×${inputSize} pixels, ${classes} classes, widths times ${width}. A FLOP is one multiplication with its addition.`,
    '',
    line(['network', 'layers', 'deep', 'parameters', 'deep', 'FLOPs', 'deep']),
    ...rows.flatMap(({ name, blocks, deep, merged }) => [
      line([
        name,
        String(merged.layers),
        String(deep.layers),
        millions(merged.parameters),
        millions(deep.parameters),
        billions(merged.flops),
        billions(deep.flops),
      ]),
      `  ${blocks.map((b) => `${b.channelsOut}${b.stride > 1 ? `/${b.stride}` : ''}`).join(' ')}`,
    ]),
  ].join('\n');
}
