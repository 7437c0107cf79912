/** The HTTP side over a runs folder whose runs are trained by the fake worker. */
import { join } from 'node:path';
import type { InjectOptions } from 'fastify';
import { expect } from 'vitest';
import { ScopeError } from '../../../shared/errors.ts';
import type { EngineReport, RunDetail } from '../../../shared/protocol.ts';
import { RUNG_IDS } from '../../../shared/rungs.ts';
import { loadShapes } from '../../../server/datasets/shapes.ts';
import { Analyst } from '../../../server/runs/analyst.ts';
import type { SupervisorOptions } from '../../../server/runs/supervisor.ts';
import { buildApp } from '../../../server/http/app.ts';
import type { App } from '../../../server/http/services.ts';
import { createBench, SHAPES, type Bench } from '../runs/helper.ts';

export const REPORT: EngineReport = {
  chosen: 'cpu',
  testing: false,
  requested: 'auto',
  rungs: RUNG_IDS.map((id) => ({
    id,
    title: id,
    device: null,
    version: null,
    verdict: id === 'cpu' ? 'used' : 'missing',
    reason: 'a test says so',
    remedy: '',
    seconds: null,
  })),
  node: process.version,
  platform: 'test',
};

export interface House extends Bench {
  app: App;
  /** Publishes a new report of the engines. */
  report(report: EngineReport): void;
  /** A request and its reply: status, body as JSON where it is JSON. */
  ask(
    method: InjectOptions['method'],
    url: string,
    payload?: object,
  ): Promise<{ status: number; body: unknown }>;
}

export interface HouseOptions {
  build?: string;
  host?: string;
  analyst?: Analyst;
  supervisor?: Partial<SupervisorOptions>;
  /** The data set as it is, for runs that really train; otherwise a smaller one is claimed. */
  realShapes?: boolean;
}

export async function createHouse(options: HouseOptions = {}): Promise<House> {
  const bench = await createBench(options.supervisor);
  const listeners = new Set<(report: EngineReport) => void>();
  const { store, supervisor, path } = bench;
  const app = await buildApp({
    store,
    supervisor,
    analyst: options.analyst ?? new Analyst(),
    ladder: {
      report: REPORT,
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    datasets: {
      describe: async () => [
        {
          ...SHAPES,
          classes: [...SHAPES.classes],
          title: 'Shapes',
          description: 'Drawn',
          licence: 'none',
          available: true,
          note: '',
        },
      ],
      async shape(id) {
        if (id === 'shapes') return options.realShapes ? loadShapes(1).shape : SHAPES;
        throw new ScopeError('INVALID_DATA', `the data set ${id} is not there`, { field: 'data.dataset' });
      },
    },
    host: options.host ?? '127.0.0.1',
    build: options.build ?? join(path, 'no-build'),
  });
  return {
    ...bench,
    app,
    report: (report) => listeners.forEach((listener) => listener(report)),
    async ask(method, url, payload) {
      const response = await app.inject({ method, url, ...(payload ? { payload } : {}) } as InjectOptions);
      const isJson = String(response.headers['content-type']).includes('application/json');
      return { status: response.statusCode, body: isJson ? response.json() : response.body };
    },
    async close() {
      await app.close();
      await bench.close();
    },
  };
}

/** What a client sends to start a run for the fake worker. */
export function request(name: string, epochs = 3, more: object = {}): object {
  return { name, data: { dataset: 'shapes' }, training: { epochs, mergeBeforeEnd: null }, ...more };
}

/** A house with one run that has finished. */
export async function createHouseWithRun(): Promise<{ house: House; id: string }> {
  const house = await createHouse();
  const reply = await house.ask('POST', '/api/runs', request('plain'));
  expect(reply.status).toBe(201);
  const { id } = reply.body as RunDetail;
  await house.reach(id, 'finished');
  return { house, id };
}
