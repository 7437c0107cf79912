/** The training process: commands in, events out, over the channel of `fork` with `advanced` serialisation. It lives
 * for one training and never longer than its parent. The ladder tries its rungs in such processes too, and the one of the
 * chosen rung goes on to train: what training alone needs is loaded when it starts. */
import type { TrainerCommand, TrainerEvent } from './training/messages.ts';
import type { Engine } from './engine/engine.ts';
import { startEngine } from './engine/start.ts';
import { tryEngine } from './engine/trial.ts';
import { shrink } from './heap.mjs';
import { TrainerControl } from './training/control.ts';
import { failureEvent } from './training/failure.ts';

type Try = TrainerCommand & { type: 'try' };
type Start = TrainerCommand & { type: 'start' };

/** Milliseconds between two reports of preparation. */
const PROGRESS_INTERVAL = 100;

const control = new TrainerControl();
let state: 'idle' | 'trying' | 'preparing' | 'training' | 'ending' = 'idle';
/** That of the rung that was tried. */
let tried: Engine | null = null;

/** Resolves when the event is on its way; a closed channel ends the process anyway. */
function send(event: TrainerEvent): Promise<void> {
  return new Promise((resolve) => process.send!(event, undefined, {}, () => resolve()));
}

/** Sends a last event and ends the process; later endings are ignored. */
async function end(event: TrainerEvent): Promise<void> {
  if (state === 'ending') return;
  state = 'ending';
  await send(event);
  process.exit(event.type === 'failure' ? 1 : 0);
}

const fail = (error: unknown): void => void end(failureEvent(error));

let sendingLive = false;
let nextLive: TrainerEvent | null = null;

/** One live frame is on its way at most and one waits; a newer one takes the place of that. */
async function sendLive(event: TrainerEvent): Promise<void> {
  nextLive = event;
  if (sendingLive) return;
  sendingLive = true;
  while (nextLive) {
    const latest: TrainerEvent = nextLive;
    nextLive = null;
    await send(latest);
  }
  sendingLive = false;
}

/** Progress of preparation, at most ten times a second and always when a part is complete. */
function progress(): (what: string, fraction: number | null) => void {
  let reported = 0;
  return (what, fraction) => {
    const now = performance.now();
    if (fraction !== 1 && now - reported < PROGRESS_INTERVAL) return;
    reported = now;
    void send({ type: 'preparing', what, fraction });
  };
}

function expectIdle(): void {
  if (state !== 'idle') throw new Error(`the training process is already ${state}`);
}

async function tryRung({ rung, allowSoftware }: Try): Promise<void> {
  expectIdle();
  state = 'trying';
  const { report, engine } = await tryEngine(rung, { allowSoftware });
  if (!engine) return end({ type: 'tried', report });
  engine.onFatal(fail);
  tried = engine;
  state = 'idle';
  await send({ type: 'tried', report });
}

/** The engine, which a process has one of. */
async function engineOf({ rung, allowSoftware }: Start): Promise<Engine> {
  if (tried?.rung === rung) return tried;
  if (tried) throw new Error(`the training process has the engine ${tried.rung}, and can't start ${rung}`);
  await send({ type: 'preparing', what: `starting the engine ${rung}`, fraction: null });
  const engine = await startEngine(rung, { allowSoftware });
  engine.onFatal(fail);
  return engine;
}

async function start(command: Start): Promise<void> {
  expectIdle();
  state = 'preparing';
  const { config, rung, dataDir, cacheDir, resume, weights } = command;
  const { checkMemory } = await import('./engine/memory.ts');
  checkMemory(rung, config.network, config.training.batchSize);
  const engine = await engineOf(command);
  const { loadDataset } = await import('./datasets/catalogue.ts');
  const { data } = config;
  const seed = data.seed ?? config.seed;
  const dataset = await loadDataset(data, { dataDir, cacheDir, seed, onProgress: progress() });
  const { train } = await import('./training/trainer.ts');
  shrink();
  state = 'training';
  const description = `${engine.device} · ${engine.version}`;
  for await (const event of train({ config, dataset, rung, engine: description, control, resume, weights })) {
    if (event.type === 'live') void sendLive(event);
    else if (event.type === 'end' || event.type === 'failure') await end(event);
    // Steps are small and seldom; what is large waits until the channel has taken it.
    else if (event.type === 'step') void send(event);
    else await send(event);
  }
}

function obey(command: TrainerCommand): void {
  switch (command.type) {
    case 'try':
      tryRung(command).catch(fail);
      return;
    case 'start':
      start(command).catch(fail);
      return;
    case 'stop':
      control.stop();
      if (state === 'idle' || state === 'preparing') void end({ type: 'end', reason: 'stopped' });
      return;
    case 'pause':
      return control.pause();
    case 'resume':
      return control.resume();
    case 'watch':
      return control.watch(command.watch);
    case 'probe':
      return control.own({ index: command.index, pixels: command.pixels });
    case 'pull':
      return control.pull(command.after, command.every);
    case 'hold':
      return control.hold();
  }
}

if (!process.send) {
  console.error('This is the training process of vanillascope; the server starts it.');
  process.exit(2);
}
process.on('disconnect', () => process.exit(1));
// Ctrl-C in a terminal reaches every process of the group: the server decides what becomes of the training.
process.on('SIGINT', () => undefined);
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
process.on('message', obey);
