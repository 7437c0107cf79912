/** `doctor`: what every rung of the ladder says on this machine. */
import type { Command } from 'commander';
import type { EngineReport, RungReport } from '../../shared/protocol.ts';
import { Ladder } from '../runs/ladder.ts';
import { closeOnSignal, EXIT_STOPPED } from './serve.ts';

const WIDTH = 100;

/** Breaks text at spaces so that no line passes `width`; a longer word stands alone. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function row(rung: RungReport): string[] {
  const indent = ' '.repeat(17);
  const field = (name: string, text: string | null): string[] =>
    text ? wrap(`${name}: ${text}`, WIDTH - indent.length).map((line) => indent + line) : [];
  const seconds = rung.seconds === null ? '' : ` (self-test ${rung.seconds.toFixed(2)} s)`;
  return [
    `${rung.id.padEnd(16)} ${rung.verdict.padEnd(9)} ${rung.title}${seconds}`,
    ...field('device', rung.device),
    ...field('version', rung.version),
    ...field('reason', rung.reason),
    ...field('remedy', rung.remedy),
  ];
}

/** The report for a person, at most 100 columns wide. */
export function formatReport(report: EngineReport): string {
  const ending = report.chosen
    ? `Runs use ${report.chosen}, the best rung that works here.`
    : 'No rung works here: training is not possible.';
  return [
    `vanillascope doctor: Node ${report.node} on ${report.platform}, the engines from best to slowest`,
    '',
    ...report.rungs.flatMap((rung) => [...row(rung), '']),
    ending,
  ].join('\n');
}

export function register(program: Command): void {
  program
    .command('doctor')
    .description('try every engine and print device, version, verdict, reason and remedy')
    .option('--json', 'print the report as JSON')
    .action(async (options: { json?: boolean }) => {
      const ladder = new Ladder({ requested: 'auto' });
      closeOnSignal(async () => ladder.close(), EXIT_STOPPED);
      if (!options.json && process.stderr.isTTY)
        ladder.subscribe(({ rungs, testing }) => {
          const next = rungs.find((rung) => rung.verdict === 'untested');
          process.stderr.write(testing && next ? `\r\x1b[Ktrying ${next.title} …` : '\r\x1b[K');
        });
      const report = await ladder.test();
      console.log(options.json ? JSON.stringify(report, null, 2) : formatReport(report));
      process.exitCode = report.chosen ? 0 : 1;
    });
}
