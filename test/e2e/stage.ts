/** What every file of browser tests stands on: a server with a runs folder of its own, a browser, and a page in it. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { json, openBrowser, openPage, startServer, type RunningServer } from './helper.ts';

export class Stage {
  server!: RunningServer;
  browser!: Browser;
  page!: Page;
  /** What has gone wrong in the page so far. */
  problems: string[] = [];

  get url(): string {
    return this.server.url;
  }

  /** What REST answers, below /api. */
  json = <T>(path: string, init?: RequestInit): Promise<T> => json<T>(this.url, path, init);

  /** What the address of the page says of a name in its query. */
  asked = (name: string): string | null => new URL(this.page.url()).searchParams.get(name);

  /** Brings the page to a path of the dashboard. */
  goto = async (path: string): Promise<void> => {
    await this.page.goto(this.url + path);
  };
}

/** Sets the stage for all tests of a file and clears it after them. `begin` trains what they need and says the path at
 * which the page opens; without it that is the list of runs. */
export function setStage(
  begin: (stage: Stage) => Promise<string> = async () => '/',
  args: readonly string[] = ['--backend', 'wasm', '--no-demo'],
): Stage {
  const stage = new Stage();
  beforeAll(async () => {
    stage.server = await startServer(args);
    stage.browser = await openBrowser();
    const { page, problems } = await openPage(stage.browser, stage.url + (await begin(stage)));
    Object.assign(stage, { page, problems });
  });
  afterAll(async () => {
    await stage.browser?.close();
    await stage.server?.stop();
  });
  return stage;
}
