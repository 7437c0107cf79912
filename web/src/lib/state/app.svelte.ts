import { createContext } from 'svelte';
import { Engine } from './engine.svelte.ts';
import { Feed } from './feed.svelte.ts';
import { Runs } from './runs.svelte.ts';
import { Settings } from './settings.svelte.ts';
import { SnapshotCache } from './snapshots.ts';

/** What every page shares. Made once by the layout and handed down as context. */
export class App {
  readonly settings = new Settings();
  readonly feed = new Feed();
  readonly engine = new Engine(this.feed);
  readonly runs = new Runs(this.feed);
  readonly snapshots = new SnapshotCache();

  start(): () => void {
    void this.engine.read();
    void this.runs.read();
    return () => this.feed.close();
  }
}

export const [getApp, setApp] = createContext<App>();
