/** `vanillascope train`: one run without a server, its epochs as lines. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { DATASET_IDS, type DatasetId, type NetworkConfig } from '../../shared/config.ts';
import { ScopeError } from '../../shared/errors.ts';
import { PRESETS } from '../../shared/presets.ts';
import type { EpochMetrics, RunRequest, RunSummary } from '../../shared/protocol.ts';
import { addPlaces, closeOnSignal, EXIT_STOPPED, type Places } from './serve.ts';

interface TrainOptions extends Places {
  dataset: DatasetId;
  preset: string;
  name?: string;
  epochs?: number;
  batchSize?: number;
  seed?: number;
  lambdaShare?: number;
  merge: boolean;
  weights?: string;
}

export function register(program: Command): void {
  const presets = PRESETS.map((preset) => preset.id);
  const command = program
    .command('train')
    .description('train one run without the dashboard; `serve` shows it afterwards, or meanwhile')
    .addOption(new Option('--dataset <id>', 'what to train on').choices(DATASET_IDS).default('emoji'))
    .addOption(new Option('--preset <id>', 'network to start from').choices(presets).default('small'))
    .option('--name <text>', 'name of the run')
    .option('--epochs <count>', 'epochs to train', parseCount)
    .option('--batch-size <count>', 'images a step', parseCount)
    .option('--seed <number>', 'seed of everything random', parseSeed)
    .option('--lambda-share <share>', 'share of the epochs over which λ falls to 0', parseShare)
    .option('--no-merge', 'keep the pairs of convolutions unmerged at the end')
    .option(
      '--weights <file>',
      'start from the weights of a safetensors file, and with its network unless --preset is given',
    );
  addPlaces(command).action((options: TrainOptions) =>
    train(options, command.getOptionValueSource('preset') === 'cli'),
  );
}

async function train(options: TrainOptions, presetGiven: boolean): Promise<void> {
  const { openWorkshop } = await import('../runs/workshop.ts');
  const { check } = await import('../runs/check.ts');
  const { RunRequest: schema } = await import('../../shared/protocol.ts');
  const { runs, data, backend } = options;
  const weights = options.weights === undefined ? undefined : await readNetwork(options.weights);
  const network = presetGiven ? undefined : weights;
  let request: RunRequest;
  try {
    request = check(schema, { ...toRequest(options), ...(network && { network }) });
  } catch (error) {
    throw withOption(error);
  }
  const workshop = await openWorkshop({ runs, dataDir: data ?? null, backend });

  const end = new Promise<RunSummary>((resolve) => {
    let state = '';
    workshop.supervisor.subscribe((event) => {
      if (event.type === 'epoch') console.log(formatEpoch(event.metrics));
      if (event.type !== 'run' || !event.summary) return;
      const { summary } = event;
      if (summary.state !== state) announce((state = summary.state), summary);
      if (['finished', 'stopped', 'failed'].includes(state)) resolve(summary);
    });
  });
  await workshop.start(request, options.weights).catch((error: unknown) => {
    throw withOption(error);
  });
  closeOnSignal(() => workshop.close(), EXIT_STOPPED);
  const { state, reason, id } = await end;
  await workshop.close();
  if (state === 'failed') console.error(`vanillascope: run ${id} failed: ${reason}`);
  else console.log(`run ${id} is ${state}${reason ? `: ${reason}` : ''}`);
  process.exit(state === 'finished' ? 0 : state === 'stopped' ? EXIT_STOPPED : 1);
}

/** What the file of --weights says of its network. */
async function readNetwork(path: string): Promise<Partial<NetworkConfig>> {
  const { readStart } = await import('../runs/start.ts');
  try {
    return await readStart(path);
  } catch (cause) {
    const message = `--weights: ${path} can't be used: ${(cause as Error).message}`;
    const code = cause instanceof ScopeError ? cause.code : 'INVALID_DATA';
    throw new ScopeError(code, message, { field: '--weights', cause });
  }
}

function toRequest({
  dataset,
  preset,
  name,
  epochs,
  batchSize,
  seed,
  lambdaShare,
  merge,
}: TrainOptions): object {
  const lambda = lambdaShare === undefined ? {} : { lambda: { ...LAMBDA, share: lambdaShare } };
  const request: Omit<RunRequest, 'training'> & { training: object } = {
    data: { dataset },
    preset,
    training: {
      ...(epochs === undefined ? {} : { epochs }),
      ...(batchSize === undefined ? {} : { batchSize }),
      ...(merge ? {} : { mergeBeforeEnd: null }),
      ...lambda,
    },
  };
  return {
    ...request,
    ...(name === undefined ? {} : { name }),
    ...(seed === undefined ? {} : { seed }),
  };
}

/** The error as someone at the command line can act on it. */
function withOption(error: unknown): unknown {
  if (!(error instanceof ScopeError) || !error.field) return error;
  const option = OPTIONS[error.field];
  if (!option) return error;
  return new ScopeError(error.code, `${error.message} (${option})`, { field: option, cause: error });
}

const OPTIONS: Record<string, string> = {
  name: '--name',
  'training.epochs': '--epochs',
  'training.batchSize': '--batch-size',
  'training.lambda.share': '--lambda-share, --epochs or --no-merge',
  'training.mergeBeforeEnd': '--epochs or --no-merge',
};

const LAMBDA = { schedule: 'linear', update: 'epoch' } as const;

function announce(state: string, { id, backend }: RunSummary): void {
  if (state === 'queued') console.log(`run ${id}: choosing an engine`);
  if (state === 'preparing') console.log('preparing the data and the network');
  if (state === 'running') console.log(`training on ${backend}`);
}

/** `epoch  3  λ 0.857  loss 1.204  accuracy 58.1 %  test 1.103, 61.2 %  4.2 s  610 images/s` */
export function formatEpoch(metrics: EpochMetrics): string {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const { epoch, lambda, trainLoss, trainAccuracy, testLoss, testAccuracy, imagesPerSecond } = metrics;
  const trained =
    trainLoss === null || trainAccuracy === null
      ? 'before the first step'
      : `loss ${trainLoss.toFixed(3)}  accuracy ${percent(trainAccuracy)}`;
  return [
    `epoch ${String(epoch).padStart(3)}`,
    `λ ${lambda.toFixed(3)}`,
    trained,
    `test ${testLoss.toFixed(3)}, ${percent(testAccuracy)}`,
    `${metrics.seconds.toFixed(1)} s`,
    ...(imagesPerSecond === null ? [] : [`${imagesPerSecond.toFixed(0)} images/s`]),
    ...(metrics.merged ? ['merged'] : []),
  ].join('  ');
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('a whole number from 1 is valid.');
  return Number(text);
}

function parseShare(text: string): number {
  const share = Number(text);
  if (!(share > 0 && share <= 1)) throw new InvalidArgumentError('a number above 0 and at most 1 is valid.');
  return share;
}

function parseSeed(text: string): number {
  if (!/^\d{1,10}$/.test(text) || Number(text) > 0xffffffff)
    throw new InvalidArgumentError(`a whole number from 0 to ${0xffffffff} is valid.`);
  return Number(text);
}
