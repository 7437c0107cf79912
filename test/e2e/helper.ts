/** A server of its own and a real browser, for the walk that a person takes. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { findBrowser, thisMachine } from '../../server/setup/browser.mjs';
import { TYPESCRIPT } from '../../server/typescript.mjs';
import type { RunDetail, RunRequest } from '../../shared/protocol.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface RunningServer {
  url: string;
  runs: string;
  /** Everything printed so far. */
  output(): string;
  stop(): Promise<void>;
}

/** Starts `vanillascope serve` on a free port with a runs folder of its own; resolves when it says it is ready. */
export async function startServer(args: readonly string[] = []): Promise<RunningServer> {
  const runs = mkdtempSync(join(tmpdir(), 'vanillascope-e2e-'));
  const child: ChildProcess = spawn(
    process.execPath,
    [...TYPESCRIPT, 'server/main.ts', 'serve', '--port', '0', '--runs', runs, ...args],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const ready = /vanillascope ready at (\S+)/.exec(output);
      if (ready) resolve(ready[1]!);
    };
    child.stdout!.on('data', read);
    child.stderr!.on('data', read);
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}:\n${output.slice(-2000)}`)));
  });
  return {
    url,
    runs,
    output: () => output,
    async stop() {
      if (child.exitCode === null) {
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGTERM');
        await ended;
      }
      rmSync(runs, { recursive: true, force: true });
    },
  };
}

export async function openBrowser(): Promise<Browser> {
  const executablePath = process.env['VANILLASCOPE_BROWSER'] ?? findBrowser(thisMachine());
  if (!executablePath) throw new Error('no Chromium, Chrome or Edge found; set VANILLASCOPE_BROWSER to one');
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** A page that collects what goes wrong in it: uncaught errors, console errors, answers of 500 and more. */
export async function openPage(browser: Browser, url: string): Promise<{ page: Page; problems: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, acceptDownloads: true });
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  page.on('response', (response) => {
    if (response.status() >= 500) problems.push(`${response.status()} ${response.url()}`);
  });
  await page.goto(url);
  return { page, problems };
}

/** What REST answers, below /api; throws its words where it refuses. */
export async function json<T>(url: string, path: string, init?: RequestInit): Promise<T> {
  const reply = await fetch(`${url}/api${path}`, init);
  if (!reply.ok) throw new Error(`${reply.status} ${await reply.text()}`);
  return (await reply.json()) as T;
}

/** Starts a short run on shapes. */
export function startShort(url: string, request: Partial<RunRequest> = {}): Promise<RunDetail> {
  return json(url, '/runs', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      data: { dataset: 'shapes', trainLimit: 128, testLimit: 32 },
      training: { epochs: 3, batchSize: 64 },
      ...request,
    }),
  });
}

/** Trains a short run on shapes to its end, and gives what is then known of it. */
export async function trainShort(url: string, request: Partial<RunRequest> = {}): Promise<RunDetail> {
  const { id } = await startShort(url, request);
  for (;;) {
    const detail = await json<RunDetail>(url, `/runs/${id}`);
    if (detail.state === 'finished') return detail;
    if (detail.state === 'failed') throw new Error(detail.reason);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}
