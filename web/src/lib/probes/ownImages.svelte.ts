import type { ProbeInfo } from '../../../../shared/protocol.ts';
import type { Scene } from '../run/scene.svelte.ts';
import { removeProbe } from '../state/api.ts';
import type { SnapshotCache } from '../state/snapshots.ts';
import { faultOf } from './own.ts';
import { uploadProbe } from './upload.ts';

export interface Upload {
  id: number;
  name: string;
  /** Share that has been sent, 0 to 1. */
  share: number;
}

/** What was wrong with an image; `detail` are the server's words. */
export interface Problem {
  id: number;
  name: string;
  why: 'type' | 'size' | 'failed';
  detail: string;
}

type Stage = Pick<Scene, 'run' | 'detail' | 'probe' | 'set'>;
type Frames = Pick<SnapshotCache, 'heldOf' | 'get'>;

const LONGEST_WAIT_MS = 10_000;

/** The images that someone brings to the run on the stage: on their way, refused, there, and gone again. */
export class OwnImages {
  uploads = $state.raw<readonly Upload[]>([]);
  problems = $state.raw<readonly Problem[]>([]);
  readonly #scene: Stage;
  readonly #frames: Frames;
  readonly #server: { upload: typeof uploadProbe; remove: typeof removeProbe };
  #count = 0;
  /** The last of the frames that replace one another; null where none is there. */
  #passing: number | null = null;
  #series = 0;
  #busy = false;

  constructor(scene: Stage, frames: Frames, server = { upload: uploadProbe, remove: removeProbe }) {
    this.#scene = scene;
    this.#frames = frames;
    this.#server = server;
  }

  /** Sends files; the first that is taken becomes the probe of every panel. */
  async add(files: Iterable<File>): Promise<void> {
    let selected = false;
    const send = async (file: File): Promise<void> => {
      const fault = faultOf(file);
      if (fault) return this.#report(file.name, fault, (file.size / 2 ** 20).toFixed(1));
      const probe = await this.#send(file, file.name);
      if (probe && !selected) {
        selected = true;
        this.#scene.set({ probe: probe.index });
      }
    };
    await Promise.all([...files].map(send));
  }

  /** One of a series of camera frames: it takes the place of the one before. While one is on its way, others are let
   * go by. */
  async pass(frame: Blob, name: string): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    const [series, before] = [this.#series, this.#passing];
    const probe = await this.#send(frame, name);
    if (probe) {
      if (series === this.#series) this.#passing = probe.index;
      if (before !== null) await this.#fetchAlike(before, probe.index);
      this.#scene.set({ probe: probe.index });
      if (before !== null) await this.remove(before);
    }
    this.#busy = false;
  }

  /** What was looked at of one image is fetched of the next, so that no map goes blank between the two. */
  async #fetchAlike(before: number, own: number): Promise<void> {
    const signal = AbortSignal.timeout(LONGEST_WAIT_MS);
    const keys = this.#frames.heldOf(this.#scene.run.id, before);
    await Promise.allSettled(keys.map((key) => this.#frames.get({ ...key, own }, signal)));
  }

  /** The series is over: its last frame stays. */
  endPassing(): void {
    this.#passing = null;
    this.#series++;
  }

  async remove(index: number): Promise<void> {
    const { run, detail } = this.#scene;
    const probe = detail.probes.find((p) => p.index === index);
    if (!probe) return;
    // The feed may tell of it before the reply does.
    const chosen = this.#scene.probe === index;
    const before = this.#before(index);
    try {
      await this.#server.remove(run.id, index);
    } catch (error) {
      this.#report(probe.own ?? '', 'failed', (error as Error).message);
      return;
    }
    if (chosen) this.#scene.set({ probe: before });
    run.takeProbes(this.#scene.detail.probes.filter((p) => p.index !== index));
  }

  dismiss(problem: Problem): void {
    this.problems = this.problems.filter((other) => other !== problem);
  }

  async #send(file: Blob, name: string): Promise<ProbeInfo | null> {
    const id = this.#count++;
    const { run } = this.#scene;
    const show = (share: number): void => {
      const others = this.uploads.filter((upload) => upload.id !== id);
      this.uploads = [...others, { id, name, share }].sort((a, b) => a.id - b.id);
    };
    show(0);
    try {
      const probe = await this.#server.upload(run.id, file, name, show);
      const { probes } = this.#scene.detail;
      // The feed may have told of it already.
      if (!probes.some((p) => p.index === probe.index)) run.takeProbes([...probes, probe]);
      return probe;
    } catch (error) {
      this.#report(name, 'failed', (error as Error).message);
      return null;
    } finally {
      this.uploads = this.uploads.filter((upload) => upload.id !== id);
    }
  }

  #report(name: string, why: Problem['why'], detail: string): void {
    this.problems = [...this.problems, { id: this.#count++, name, why, detail }];
  }

  /** The probe that stands before another. */
  #before(index: number): number {
    const indices = this.#scene.detail.probes.map((p) => p.index);
    return indices[indices.indexOf(index) - 1] ?? 0;
  }
}
