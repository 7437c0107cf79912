/** A page of the dashboard that notes when it paints. */
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { Browser, Page, Request } from 'playwright-core';
import ts from 'typescript';

/** The page's part as a script that needs nothing around it. */
const NOTES = ts.transpileModule(readFileSync(new URL('pageNotes.ts', import.meta.url), 'utf8'), {
  compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
}).outputText;
/** Nothing painted for so long: all that had to be is. */
const QUIET_MS = 150;
/** Chromium opens a window for a page in an empty cache of its own, whose address bar is a page too and takes some 1.5 s of
 * a processor; only then does it stand where a person's browser does. */
const WINDOW_MS = 3000;
/** A page that has not come to rest after this has something wrong. */
const PATIENCE_MS = 60_000;

export interface Paint {
  /** When the pixels were in the canvas, ms since 1970. */
  end: number;
  /** Milliseconds that it took. */
  ms: number;
  pixels: number;
  /** No map was there to paint. */
  blank: boolean;
}

export interface LiveFrame {
  step: number;
  /** When the page had the frame, and when its maps had been shown; null while they are not. Ms since 1970. */
  arrived: number;
  shown: number | null;
}

export class PaintedPage {
  readonly page: Page;
  /** Frames that were asked for and have not come: who paints nothing meanwhile is not at rest. */
  readonly #awaited = new Set<Request>();

  private constructor(page: Page) {
    this.page = page;
    page.on('request', (request) => {
      if (request.url().includes('/snapshots/')) this.#awaited.add(request);
    });
    page.on('requestfinished', (request) => this.#awaited.delete(request));
    page.on('requestfailed', (request) => this.#awaited.delete(request));
  }

  /** An empty page in a window of its own, with an empty cache, that has come to rest. */
  static async blank(browser: Browser): Promise<PaintedPage> {
    const page = await browser.newPage({ viewport: { width: 2560, height: 1440 } });
    await page.addInitScript({ content: `{${NOTES}}` });
    await wait(WINDOW_MS);
    return new PaintedPage(page);
  }

  static async open(browser: Browser, url: string): Promise<PaintedPage> {
    const page = await PaintedPage.blank(browser);
    await page.go(url);
    return page;
  }

  /** Resolves when the page has begun to load. */
  async go(url: string): Promise<void> {
    await this.page.goto(url, { waitUntil: 'commit' });
  }

  async paints(): Promise<Paint[]> {
    return (await this.page.evaluate('noted.paints')) as Paint[];
  }

  async frames(): Promise<LiveFrame[]> {
    return (await this.page.evaluate('noted.frames')) as LiveFrame[];
  }

  /** Resolves when maps have been painted, no frame is on its way, and nothing has been painted for a while. */
  async rest(quiet = QUIET_MS): Promise<void> {
    let last = 0;
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end;) {
      const paints = (await this.paints()).filter(({ blank }) => !blank);
      const quietly = this.#awaited.size === 0;
      if (paints.length > 0 && paints.length === last && quietly) return;
      last = quietly ? paints.length : 0;
      await wait(quiet);
    }
    throw new Error(`${this.page.url()} has painted no maps, or does not come to rest`);
  }

  /** What is painted after a key: milliseconds from the key to the last canvas, and those spent on painting all. */
  async after(key: string): Promise<{ ms: number; painting: number; canvases: number }> {
    await this.page.evaluate('noted.paints.length = 0');
    await this.page.keyboard.press(key);
    await this.rest(2 * QUIET_MS);
    const input = (await this.page.evaluate('noted.input')) as number;
    const paints = (await this.paints()).filter(({ blank }) => !blank);
    return {
      ms: paints.at(-1)!.end - input,
      painting: paints.reduce((sum, paint) => sum + paint.ms, 0),
      canvases: paints.length,
    };
  }

  close(): Promise<void> {
    return this.page.close();
  }
}
