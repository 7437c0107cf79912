/** A process under measurement: asked one thing at a time, idle between. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { SERVER_HEAPS } from '../../server/heap.mjs';
import { TYPESCRIPT } from '../../server/typescript.mjs';
import type { RungId } from '../../shared/config.ts';
import { beside, BUNDLED } from './beside.ts';
import type { Request as EngineRequest, ServerRequest, ViewersRequest } from './protocol.ts';

type Request = EngineRequest | ServerRequest | ViewersRequest;

/** The Python that is asked for PyTorch. */
export const PYTHON = process.env.VANILLASCOPE_PYTHON ?? 'python3';

/** A way of running PyTorch. */
export interface Way {
  /** The order of an image batch: NCHW or NHWC. */
  format: 'contiguous' | 'channels_last';
  /** A device by PyTorch's name. */
  device: string;
  /** Whether large blocks of memory are kept. As it comes, glibc's malloc gives each back to the system, and PyTorch takes
   * fresh memory in every step, which on some virtual machines makes it three times slower. */
  kept: boolean;
}

const KEPT_MEMORY = { MALLOC_MMAP_MAX_: '0', MALLOC_TRIM_THRESHOLD_: '4000000000' };

/** The command that starts the process of a rung: a person's, which takes the rung as its last argument, or this
 * program's own. */
export function rungCommand(
  id: RungId,
  command: readonly string[] | null,
): [command: string, args: string[]] {
  if (command) return [command[0]!, [...command.slice(1), id]];
  if (BUNDLED) return [process.execPath, [process.argv[1]!, id]];
  return [process.execPath, [...TYPESCRIPT, beside('engineProcess.ts'), id]];
}

/** Sends a request (null: only waits for the greeting) and gives the next line of the process. */
type Exchange = (request: Request | null) => Promise<Record<string, unknown>>;

export class Subject {
  readonly name: string;
  readonly version: string;
  readonly device: string;
  /** Of PyTorch: its name for the GPU that it could use, or null. */
  readonly gpu: string | null;
  readonly #exchange: Exchange;
  readonly #end: () => void;

  private constructor(
    name: string,
    hello: Record<string, unknown>,
    processed: { exchange: Exchange; end: () => void },
  ) {
    this.name = name;
    this.version = String(hello.version);
    this.device = String(hello.device);
    this.gpu = typeof hello.gpu === 'string' ? hello.gpu : null;
    this.#exchange = processed.exchange;
    this.#end = processed.end;
  }

  /** Starts a process and waits for its greeting; rejects with its last words when it ends instead. */
  static async start(
    name: string,
    command: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Subject> {
    const env = { ...process.env, ...environment };
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env });
    let words = '';
    child.stderr.on('data', (text: Buffer) => (words = (words + text.toString()).slice(-300)));
    const failed = new Promise<never>((_, reject) => child.once('error', reject));
    failed.catch(() => undefined); // told to whoever waits for a line
    child.stdin.on('error', () => undefined); // so is the end of the process
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const exchange: Exchange = async (request) => {
      if (request) child.stdin.write(`${JSON.stringify(request)}\n`);
      for (;;) {
        const { value, done } = await Promise.race([lines.next(), failed]);
        if (done) throw new Error(`${name} ended: ${words.trim()}`);
        // Native libraries print what they like.
        if (!value.startsWith('{')) continue;
        const message = JSON.parse(value) as Record<string, unknown>;
        if (typeof message.error === 'string') throw new Error(`${name}: ${message.error}`);
        return message;
      }
    };
    return new Subject(name, await exchange(null), { exchange, end: () => child.stdin.end() });
  }

  static rung(id: RungId, command: readonly string[] | null = null): Promise<Subject> {
    return Subject.start(id, ...rungCommand(id, command));
  }

  /** A real server with the flags that `npm start` gives it; its device is the URL that it answers at. */
  static server(rung: RungId): Promise<Subject> {
    const args = [...SERVER_HEAPS, '--expose-gc', ...TYPESCRIPT, beside('watchedServer.ts'), rung];
    return Subject.start(`server on ${rung}`, process.execPath, args);
  }

  static viewers(url: string): Promise<Subject> {
    return Subject.start('viewers', process.execPath, [...TYPESCRIPT, beside('viewers.ts'), url]);
  }

  static pytorch({ format, device, kept }: Way): Promise<Subject> {
    const name = `PyTorch ${format}${device === 'cpu' ? '' : `, ${device}`}${kept ? ', memory kept' : ''}`;
    return Subject.start(name, PYTHON, [beside('peer.py'), format, device], kept ? KEPT_MEMORY : {});
  }

  async ask<T>(request: Request): Promise<T> {
    return (await this.#exchange(request)) as T;
  }

  end(): void {
    this.#end();
  }
}
