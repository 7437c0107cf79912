/** Answers what is asked of recorded snapshots: merge reports and weights to take elsewhere. What has to be computed is
 * computed in a process of its own, one at a time, once for all who ask at the same time, and kept on disk. */
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ScopeError } from '../../shared/errors.ts';
import { MergeReport, type SnapshotInfo } from '../../shared/protocol.ts';
import { analyse, type AnalysisOptions } from './analysisProcess.ts';
import { matches } from './check.ts';
import { readIfThere, TEMPORARY, writeAtomic } from './files.ts';
import type { RunFolder } from './folder.ts';
import { OwnFrames } from './ownFrames.ts';
import { Queue } from './queue.ts';
import { isThere } from './weights.ts';

export const EXPORT_FORMS = ['deep', 'merged'] as const;
export type ExportForm = (typeof EXPORT_FORMS)[number];

export interface WeightsExport {
  /** The snapshot whose weights they are. */
  snapshot: SnapshotInfo;
  form: ExportForm;
  /** The safetensors file. */
  path: string;
}

export class Analyst {
  /** Feature maps of images that users brought. */
  readonly ownFrames: OwnFrames;
  readonly #options: AnalysisOptions;
  readonly #queue = new Queue();
  readonly #pending = new Map<string, Promise<unknown>>();

  constructor(options: AnalysisOptions = {}) {
    this.#options = options;
    this.ownFrames = new OwnFrames(options);
  }

  close(): void {
    this.ownFrames.close();
  }

  /** The deep network of a snapshot beside its merged copy, on the run's probes. Throws NOT_FOUND for an unknown
   * snapshot and CONFLICT for a merged one. */
  async mergeReport(folder: RunFolder, id: string): Promise<MergeReport> {
    const snapshot = await folder.snapshots.find(id);
    if (snapshot.merged)
      throw new ScopeError(
        'CONFLICT',
        `snapshot '${id}' is merged already; only unmerged ones can be compared with their merged copy`,
        { field: 'snapshot' },
      );
    const weights = await folder.weights.find(id);
    const path = folder.reportPath(id);
    return this.#once(path, async () => {
      const kept = parse(await readIfThere(path));
      if (kept) return kept;
      const { probes } = folder;
      const answer = await this.#analyse(folder, { type: 'report', weights, probes });
      if (answer.type !== 'report') throw new Error(`the analysis process answered '${answer.type}'`);
      await mkdir(join(path, '..'), { recursive: true });
      await writeAtomic(path, `${JSON.stringify(answer.report)}\n`);
      return answer.report;
    });
  }

  /** The weights of a snapshot (by default the latest), as they are or in a form. Throws NOT_FOUND for an unknown
   * snapshot, LAMBDA_NOT_ZERO for merging one at λ > 0 and CONFLICT for the deep form of a merged one. */
  async export(folder: RunFolder, id?: string, wanted?: ExportForm): Promise<WeightsExport> {
    const snapshot = await folder.snapshots.find(id);
    const form = snapshot.merged ? 'merged' : 'deep';
    if (wanted === 'deep' && snapshot.merged)
      throw new ScopeError(
        'CONFLICT',
        `snapshot '${snapshot.id}' is merged: its deep network is gone; ask for a snapshot before the merge`,
        { field: 'form' },
      );
    if (wanted === 'merged' && snapshot.lambda > 0)
      throw new ScopeError(
        'LAMBDA_NOT_ZERO',
        `λ is ${snapshot.lambda} in snapshot '${snapshot.id}': the pairs can be merged only at λ = 0; the form deep is valid`,
        { field: 'form' },
      );
    const weights = await folder.weights.find(snapshot.id);
    if (wanted === undefined || wanted === form) return { snapshot, form, path: weights };
    const path = folder.weights.mergedPath(snapshot.id);
    await this.#once(path, async () => {
      if (await isThere(path)) return;
      const out = `${path}${TEMPORARY}`;
      try {
        await this.#analyse(folder, { type: 'merge', weights, out });
        await rename(out, path);
      } finally {
        await rm(out, { force: true });
      }
    });
    return { snapshot, form: wanted, path };
  }

  #analyse(
    { record }: RunFolder,
    task:
      { type: 'report'; weights: string; probes: string } | { type: 'merge'; weights: string; out: string },
  ): ReturnType<typeof analyse> {
    return this.#queue.run(() => analyse({ ...task, rung: record.backend ?? 'wasm' }, this.#options));
  }

  /** Lets those who ask while an answer is under way share it. */
  #once<T>(key: string, compute: () => Promise<T>): Promise<T> {
    const under = this.#pending.get(key) as Promise<T> | undefined;
    if (under) return under;
    const answer = compute().finally(() => this.#pending.delete(key));
    this.#pending.set(key, answer);
    return answer;
  }
}

/** A kept report, or null where there is none or it is damaged: then it is computed anew. */
function parse(text: string | null): MergeReport | null {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    return matches(MergeReport, value) ? value : null;
  } catch {
    return null;
  }
}
