import { Command } from 'commander';
import { afterEach, expect, test, vi } from 'vitest';
import { networkRows, register, type NetworkRow } from '../../../server/cli/networks.ts';

afterEach(() => vi.restoreAllMocks());

async function run(...args: string[]): Promise<string> {
  const printed: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((text: string) => void printed.push(text));
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  register(program);
  for (const command of program.commands)
    command.exitOverride().configureOutput({ writeErr: () => undefined });
  await program.parseAsync(['networks', ...args], { from: 'user' });
  return printed.join('\n');
}

test('the table has the published figures', async () => {
  const text = await run();
  expect(text).toMatch(/vanillanet-9 +9 +18 +41\.4 M +73\.7 M +8\.6 G/);
  expect(text).toMatch(/vanillanet-13-1\.5x +13 +26 +127\.8 M +236\.9 M +26\.5 G/);
  expect(text).toContain('512/4 1024/2 2048/2 4096/2 1000');
});

test('as JSON it carries blocks and costs, for the size and classes asked for', async () => {
  const rows = JSON.parse(
    await run('--json', '--input-size', '64', '--classes', '9', '--width', '0.125'),
  ) as NetworkRow[];
  expect(rows).toEqual(JSON.parse(JSON.stringify(networkRows({ inputSize: 64, classes: 9, width: 0.125 }))));
  expect(rows[0]!.blocks.map(({ id, channelsOut, output }) => [id, channelsOut, output])).toEqual([
    ['stem', 64, '16×16×64'],
    ['stages.0', 128, '8×8×128'],
    ['stages.1', 256, '4×4×256'],
    ['stages.2', 512, '2×2×512'],
    ['head', 9, '1×1×9'],
  ]);
});

test.each([
  ['--stem-stride', '3', '4, 2 and 1 are valid'],
  ['--classes', 'many', 'A number above 0 is valid'],
  ['--input-size', '2.5', 'A whole number above 0 is valid'],
])('%s %s is refused with what is valid', async (option, value, message) => {
  await expect(run(option, value)).rejects.toThrow(message);
});
